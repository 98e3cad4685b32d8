/** The environment variable that marks every process of a run. */
export const RUN_ID_VARIABLE = 'KUGETSU_RUN_ID';
