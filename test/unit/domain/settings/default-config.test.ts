import { describe, expect, test } from 'vitest';
import { SETTING_DESCRIPTIONS } from '../../../../src/domain/setting-descriptions.ts';
import type { Settings } from '../../../../src/domain/settings-schema.ts';
import { defaultConfigText, resolveSettings } from '../../../../src/domain/settings/settings.ts';

function settings(text: string | undefined): Settings {
  return resolveSettings({ path: '/home/k/config', text, environment: {}, userHome: '/home/k' });
}

describe('the config file that is written first', () => {
  test('changes nothing', () => {
    expect(settings(defaultConfigText())).toEqual(settings(undefined));
  });

  test('has every setting with its default behind a comment sign', () => {
    const text = defaultConfigText().replaceAll(/^# (?=[A-Z_]+=)/gm, '');
    const uncommented = text.split('\n').filter((line) => /^[A-Z_]+=/.test(line));
    expect(uncommented).toHaveLength(SETTING_DESCRIPTIONS.length);
    expect(settings(text)).toEqual({
      ...settings(undefined),
      KUGETSU_TEMP_DIR: '/home/k/.local/share/opencode/tool-output',
    });
  });
});
