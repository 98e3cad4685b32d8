import { failure, fine, SHORT_MINUTES, type Misbehaviour } from './misbehaviour.ts';

const SHORT_STALL = { AGENT_STALL_TIMEOUT_MINUTES: SHORT_MINUTES };
const REAL_STALL = { AGENT_STALL_TIMEOUT_MINUTES: '0.3' };
const STALL = failure('stall_timeout', /AGENT_STALL_TIMEOUT_MINUTES/, { noticed: 'AGENT_STALL_TIMEOUT_MINUTES' });

const IGNORES_TERM = "trap '' TERM INT HUP QUIT; for i in $(seq 600); do sleep 1; done";
const CALLED_SETSID = '(setsid sh -c "sleep 600" >/dev/null 2>&1 &)';

/** An opencode that leaves processes behind, or cannot end for them. After each case nothing of the run is alive. */
export const PROCESSES: readonly Misbehaviour[] = [
  {
    name: 'children that ignore TERM',
    upstream: [11527],
    message: `fake: sh ${IGNORES_TERM}`,
    env: SHORT_STALL,
    expected: STALL,
    real: { replies: [{ bash: IGNORES_TERM }, { text: 'Done.' }], env: REAL_STALL },
  },
  {
    name: 'children that called setsid',
    upstream: [11527],
    message: `fake: sh ${CALLED_SETSID}`,
    expected: fine(),
    real: { replies: [{ bash: CALLED_SETSID }, { text: 'Done.' }] },
  },
  {
    name: 'children that hold the pipes',
    upstream: [47350, 20902],
    message: 'fake: sh sleep 600 &',
    env: SHORT_STALL,
    expected: STALL,
    real: { replies: [{ bash: 'sleep 600 &' }, { text: 'Done.' }], env: REAL_STALL },
  },
  {
    name: "children that hold opencode's own output",
    message: 'fake: hold-output',
    expected: fine(),
    real: 'no: its tools have pipes of their own',
  },
];
