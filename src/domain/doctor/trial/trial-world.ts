import { join } from 'node:path';
import {
  scriptedModelConfig,
  startScriptedModel,
  type ModelRequest,
} from '../../../adapters/scripted-model/scripted-model.ts';
import { pretendOwnPackage } from '../../../adapters/opencode/server/own-package.ts';
import { realPath } from '../../../adapters/store/paths.ts';
import { makePrivateDirectory, removeDirectory, replaceFile } from '../../../adapters/store/private-files.ts';
import { makeScratchDirectory } from '../../../adapters/store/scratch.ts';
import type { Context } from '../../context.ts';
import { scriptOf } from './script.ts';

/** A place for opencode in which nothing is the user's: no session, no login, no configuration, and a model of its own. */
export interface TrialWorld {
  readonly root: string;
  readonly env: Context['env'];
  /** Two directories to work in. */
  readonly first: string;
  readonly second: string;
  /** What the model was asked so far. */
  readonly requests: readonly ModelRequest[];
  destroy(): Promise<void>;
}

// What would bring in the user's own, or another server. A version manager keeps the program where it says itself.
const NOT_FOR_IT = [
  'OPENCODE_CONFIG',
  'OPENCODE_CONFIG_CONTENT',
  'OPENCODE_CONFIG_DIR',
  'OPENCODE_MODELS_PATH',
  'OPENCODE_PERMISSION',
  'OPENCODE_SERVER',
  'OPENCODE_SERVER_PASSWORD',
  'OPENCODE_PASSWORD',
];

/** Makes one in the temporary directory. */
export async function makeTrialWorld({ env }: Pick<Context, 'env'>): Promise<TrialWorld> {
  const root = await realPath(await makeScratchDirectory('trial'));
  const model = await startScriptedModel(scriptOf);
  const [first, second] = [join(root, 'first'), join(root, 'second')];
  const names = ['config', 'data', 'state', 'cache', 'tmp'] as const;
  for (const path of [first, second, ...names.map((name) => join(root, name)), join(root, 'config', 'opencode')]) {
    await makePrivateDirectory(path);
  }
  const asks = { permission: { bash: { '*': 'allow', 'touch asked*': 'ask' } } };
  const config = { ...scriptedModelConfig(model.port), ...asks };
  await replaceFile(join(root, 'config', 'opencode', 'opencode.json'), JSON.stringify(config));
  await pretendOwnPackage(join(root, 'config', 'opencode'));
  return {
    root,
    first,
    second,
    requests: model.requests,
    env: {
      ...env,
      ...versionManager(env),
      ...Object.fromEntries(NOT_FOR_IT.map((name) => [name, undefined])),
      ...Object.fromEntries(names.slice(0, 4).map((name) => [`XDG_${name.toUpperCase()}_HOME`, join(root, name)])),
      TMPDIR: join(root, 'tmp'),
      // What is found of a home by its name is not to be the user's.
      KUGETSU_DIR: root,
      OPENCODE_DB: join(root, 'data', 'trial.db'),
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      OPENCODE_DISABLE_AUTOUPDATE: '1',
    },
    destroy: async () => {
      await model.close();
      await removeDirectory(root);
    },
  };
}

/** mise finds its programs by the directories that are changed here. */
function versionManager(env: Context['env']): Context['env'] {
  const data = env['XDG_DATA_HOME'] ?? '';
  const own = `${data === '' ? `${env['HOME'] ?? ''}/.local/share` : data}/mise`;
  return { MISE_DATA_DIR: env['MISE_DATA_DIR'] ?? own };
}
