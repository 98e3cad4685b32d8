import { DAEMON_CALL } from '../find-daemon.ts';
import { MARKER, type Service } from './service.ts';

/**
 * The systemd user unit of the daemon. `KillMode=process`: agents at work are no part of the daemon, and go on when it
 * stops. Exit code 4 says that another daemon has the home: trying again would not help.
 */
export function systemdUnit({ home, kugetsu, environment }: Service): string {
  const variables = Object.entries(environment).map(([key, value]) => `Environment=${quoted(`${key}=${value}`, '')}`);
  return `# ${MARKER}
[Unit]
Description=kugetsu queue daemon of ${home.replaceAll('%', '%%')}

[Service]
Type=exec
ExecStart=${[...kugetsu, ...DAEMON_CALL.foreground].map((word) => quoted(word, '$')).join(' ')}
${variables.join('\n')}
KillMode=process
Restart=on-failure
RestartSec=10
RestartPreventExitStatus=2 4

[Install]
WantedBy=default.target
`;
}

/** A word in systemd's own quotes; `%` is always special there, and `doubled` where it says so. */
function quoted(word: string, doubled: string): string {
  const escaped = word.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('%', '%%');
  return `"${doubled === '' ? escaped : escaped.replaceAll(doubled, doubled + doubled)}"`;
}
