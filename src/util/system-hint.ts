const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: make room and run the command again; no file was left half-written',
  EDQUOT: 'the disk quota is used up: make room and run the command again; no file was left half-written',
  EROFS: 'the file system is read-only; KUGETSU_DIR can name another directory',
  EACCES: 'check who owns that path and its mode; KUGETSU_DIR can name another directory',
  EPERM: 'check who owns that path and its mode; KUGETSU_DIR can name another directory',
  ENOTDIR: 'a file stands where a directory is needed',
  EISDIR: 'a directory stands where a file is needed',
  EMFILE: 'too many files are open: raise the limit (ulimit -n)',
  EAGAIN: 'the limit of processes is reached: end some, or raise it (ulimit -u)',
  EIO: 'the disk behind that path has an error; the system log may say why',
  ENFILE: 'too many files are open on this machine',
  ENAMETOOLONG: 'that path is too long; KUGETSU_DIR can name another directory',
  ELOOP: 'that path is a link that leads back to itself',
  ENOENT: 'a path is missing; check that the current directory and the home exist',
};

/** What somebody can do about an error of the system, in one line; `code` is `ENOSPC`, `EACCES`, … */
export function systemHint(code: string): string {
  return HINTS[code] ?? 'the system refused that; check the path and the disk';
}
