/** What the help of a command says of an issue ref. */
export const ISSUE_REF_FORM = 'instance/owner/repo#identifier; without instance on the default server';
