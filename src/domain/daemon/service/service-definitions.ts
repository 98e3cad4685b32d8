import { AppError } from '../../../util/errors.ts';
import { shellQuote } from '../../../util/text.ts';
import { DAEMON_CALL } from '../find-daemon.ts';
import { MARKER, type Service } from './service.ts';

/**
 * The systemd user unit of the daemon. `KillMode=process`: agents at work are no part of the daemon, and go on when it
 * stops. Exit code 4 says that another daemon has the home: trying again would not help.
 */
export function systemdUnit({ home, kugetsu, environment }: Service): string {
  const variables = Object.entries(environment).map(
    ([key, value]) => `Environment=${systemdWord(`${key}=${value}`, '')}`,
  );
  return `# ${MARKER}
[Unit]
Description=kugetsu queue daemon of ${home.replaceAll('%', '%%')}

[Service]
Type=exec
ExecStart=${[...kugetsu, ...DAEMON_CALL.foreground].map((word) => systemdWord(word, '$')).join(' ')}
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
function systemdWord(word: string, doubled: string): string {
  const escaped = word.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('%', '%%');
  return `"${doubled === '' ? escaped : escaped.replaceAll(doubled, doubled + doubled)}"`;
}

/** The name under which launchd knows the daemon. */
export function launchdLabel({ name }: Service): string {
  return `dev.kugetsu.${name.replace(/^kugetsu-/, '')}`;
}

/** The launch agent of the daemon. `AbandonProcessGroup`: agents at work go on when it stops. */
export function launchdPlist(service: Service): string {
  const { home, kugetsu, environment } = service;
  const words = [...kugetsu, ...DAEMON_CALL.background].map((word) => `    ${xmlText(word)}`);
  const variables = Object.entries(environment).map(
    ([key, value]) => `    <key>${xmlEscaped(key)}</key>${xmlText(value)}`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- ${MARKER} -->
<plist version="1.0">
<dict>
  <key>Label</key>${xmlText(launchdLabel(service))}
  <key>ProgramArguments</key>
  <array>
${words.join('\n')}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
${variables.join('\n')}
  </dict>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key><false/>
  </dict>
  <key>ThrottleInterval</key><integer>10</integer>
  <key>AbandonProcessGroup</key><true/>
  <key>StandardErrorPath</key>${xmlText(`${home}/queue/launchd.log`)}
</dict>
</plist>
`;
}

function xmlText(value: string): string {
  return `<string>${xmlEscaped(value)}</string>`;
}

function xmlEscaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

// cron cuts or refuses longer ones.
const LONGEST_LINE = 950;

/**
 * `crontab` with the daemon's lines at its end, between markers; every other byte stays. `start` does nothing while the
 * daemon runs.
 *
 * @throws AppError `line_too_long` when the environment is more than a line of a crontab holds
 */
export function withService(crontab: string, service: Service): string {
  const { name, kugetsu, environment } = service;
  const variables = Object.entries(environment).map(([key, value]) => `${key}=${shellQuote(value)}`);
  const words = [...variables, ...kugetsu.map(shellQuote), ...DAEMON_CALL.start, '>/dev/null', '2>&1'];
  const command = words.join(' ').replaceAll('%', String.raw`\%`);
  if (command.length > LONGEST_LINE || command.includes('\n')) {
    throw new AppError('line_too_long', 'PATH is too long for a line of a crontab', {
      hint: 'run: PATH=/usr/local/bin:/usr/bin:/bin kugetsu queue-daemon install --cron',
    });
  }
  const rest = withoutService(crontab, service);
  const separator = rest === '' || rest.endsWith('\n') ? '' : '\n';
  return `${rest}${separator}${begin(name)}@reboot ${command}\n*/5 * * * * ${command}\n${end(name)}`;
}

/** `crontab` without the daemon's lines; every other byte stays. */
export function withoutService(crontab: string, { name }: Pick<Service, 'name'>): string {
  const from = crontab.startsWith(begin(name)) ? 0 : crontab.indexOf(`\n${begin(name)}`) + 1;
  const to = crontab.indexOf(end(name), from);
  if ((from === 0 && !crontab.startsWith(begin(name))) || to === -1) return crontab;
  return crontab.slice(0, from) + crontab.slice(to + end(name).length);
}

function begin(name: string): string {
  return `# BEGIN ${name}: written by kugetsu queue-daemon install\n`;
}

function end(name: string): string {
  return `# END ${name}\n`;
}
