/** Where what was saved of a worktree is kept: `<name>/<time>`, and beside it what goes with it. */
export const RESCUED = 'refs/kugetsu/rescue';

/** Where commits are kept that were pushed when what had them here was removed: somebody may delete the branch. */
export const KEPT = 'refs/kugetsu-kept';

/** Where the tip that was pushed of an issue's branch is kept, whatever is pushed over it. */
export const PUSHED = 'refs/kugetsu-pushed';
