import { DAEMON_CALL } from '../find-daemon.ts';
import { AppError } from '../../../util/errors.ts';
import { shellQuote } from '../../../util/text.ts';
import type { Service } from './service.ts';

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
