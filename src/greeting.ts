import type { BootstrapKey } from './access/index.js';
import type { Env } from './core/config/config.js';

/** What the operator sees when the service is ready: where it is, the key, three things to try. */
export function greeting(url: string, key: BootstrapKey, env: Env): string {
  const lines = [
    '',
    `  Stratum is ready        ${url}`,
    `  Swagger UI              ${url}/docs`,
    '                          press Authorize, paste the admin key, and pick a request to try',
    `  Data                    ${env.STRATUM_DATA_DIR}`,
    ...keyLines(key),
    '',
    '  Try it:',
    '',
    ...(key.file
      ? [`  export STRATUM_KEY="$(cat ${key.file})"`]
      : ['  export STRATUM_KEY=<your key>']),
    `  curl -H "Authorization: Bearer $STRATUM_KEY" -F file=@README.md ${url}/v1/files`,
    `  curl -H "Authorization: Bearer $STRATUM_KEY" ${url}/v1/files`,
    `  curl -H "Authorization: Bearer $STRATUM_KEY" -o /tmp/README.md ${url}/v1/files/1/content`,
    '',
  ];
  return lines.join('\n');
}

function keyLines({ generated, file }: BootstrapKey): string[] {
  if (generated) {
    return [
      `  Admin key               ${generated}`,
      `                          shown this once; kept in ${file} (mode 0600)`,
    ];
  }
  return [`  Admin key               ${file ? `in ${file}` : 'as you have set it'}`];
}
