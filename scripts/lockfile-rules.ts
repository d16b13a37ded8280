/** The parts of package.json and package-lock.json (version 3) these rules read. */
export interface Manifest {
  readonly allowScripts?: Readonly<Record<string, boolean>>;
}

export interface Lockfile {
  packages: Record<string, LockedPackage>;
}

export interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly license?: string;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
}

const OS: Readonly<Record<string, string>> = { windows: 'win32' };
const OPERATING_SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const CPUS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

/** Packages whose install script nobody has allowed or denied in package.json: npm 12 skips those in silence. */
export function undecidedScripts(manifest: Manifest, lock: Lockfile): string[] {
  const decided = manifest.allowScripts ?? {};
  return Object.entries(lock.packages)
    .filter(([, each]) => each.hasInstallScript)
    .map(([path]) => nameOf(path))
    .filter((name) => !(name in decided));
}

/** A platform's package that the lock should hold and does not. */
export interface Hole {
  readonly name: string;
  readonly entry: LockedPackage;
}

/**
 * Optional packages missing from the lock. `npm install` against a registry that does not carry every platform's binaries
 * leaves them out, and `npm ci` then refuses the whole lock as out of sync, on every platform.
 */
export function lockfileHoles(lock: Lockfile): Hole[] {
  return Object.entries(lock.packages)
    .filter(([path]) => path !== '')
    .flatMap(([path, parent]) =>
      Object.entries(parent.optionalDependencies ?? {})
        .filter(([name]) => !isLocked(lock, path, name))
        .map(([name, range]) => ({ name, entry: platformEntry(name, range, parent) })),
    );
}

/** The lock with its holes filled, in npm's order of keys. An entry has no checksum: nobody has seen the package yet. */
export function withoutHoles(lock: Lockfile, holes: readonly Hole[]): Lockfile {
  const filled = { ...lock.packages };
  for (const { name, entry } of holes) filled[`node_modules/${name}`] = entry;
  return { ...lock, packages: Object.fromEntries(Object.entries(filled).toSorted(([a], [b]) => a.localeCompare(b, 'en'))) };
}

/** Looks a name up as Node would from `path`: in its own node_modules, then in each folder above. */
function isLocked(lock: Lockfile, path: string, name: string): boolean {
  for (let from = path; ; from = from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/')))) {
    if (`${from ? `${from}/` : ''}node_modules/${name}` in lock.packages) return true;
    if (from === '') return false;
  }
}

/** Reads `@scope/thing-linux-arm64-gnu` as what npm has to know to leave it out elsewhere. */
function platformEntry(name: string, range: string, parent: LockedPackage): LockedPackage {
  const words = name
    .slice(name.indexOf('/') + 1)
    .split('-')
    .map((word) => OS[word] ?? word);
  const os = words.find((word) => OPERATING_SYSTEMS.includes(word));
  const cpu = words.find((word) => CPUS.includes(word));
  const libc = words.some((word) => word.startsWith('musl')) ? 'musl' : words.some((word) => word.startsWith('gnu')) ? 'glibc' : undefined;
  return {
    version: range.replace(/^[\^~]/, ''),
    ...(cpu && { cpu: [cpu] }),
    ...(parent.dev && { dev: true }),
    ...(os === 'linux' && libc && { libc: [libc] }),
    ...(parent.license && { license: parent.license }),
    optional: true,
    ...(os && { os: [os] }),
  };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
