import { DAEMON_CALL } from '../find-daemon.ts';
import { MARKER, type Service } from './service.ts';

/** The name under which launchd knows the daemon. */
export function launchdLabel({ name }: Service): string {
  return `dev.kugetsu.${name.replace(/^kugetsu-/, '')}`;
}

/** The launch agent of the daemon. `AbandonProcessGroup`: agents at work go on when it stops. */
export function launchdPlist(service: Service): string {
  const { home, kugetsu, environment } = service;
  const words = [...kugetsu, ...DAEMON_CALL.background].map((word) => `    ${text(word)}`);
  const variables = Object.entries(environment).map(([key, value]) => `    <key>${escaped(key)}</key>${text(value)}`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- ${MARKER} -->
<plist version="1.0">
<dict>
  <key>Label</key>${text(launchdLabel(service))}
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
  <key>StandardErrorPath</key>${text(`${home}/queue/launchd.log`)}
</dict>
</plist>
`;
}

function text(value: string): string {
  return `<string>${escaped(value)}</string>`;
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
