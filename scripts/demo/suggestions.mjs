/** What to try with the datasets, as lines for a shell. The key itself is not printed. */
export function suggestions({ url, keyShown }) {
  const weather = `${url}/v1/datasets/seattle-weather`;
  const tries = [
    ['the datasets', `${url}/v1/datasets`],
    ['what is in a version, by folders', `${weather}/versions/latest/files?delimiter=/`],
    ['what changed between two versions', `${weather}/diff?base=1&head=3`],
    ['the first version by its tag', `${weather}/versions/first-three-years`],
    ['a file as it was then', `${weather}/versions/1/content/seattle-weather.csv`],
    ['the same file on a branch', `${weather}/versions/sunny-days/content/seattle-weather.csv`],
  ];
  const lines = tries.map(
    ([what, address]) =>
      `  # ${what}\n  curl -H "Authorization: Bearer $STRATUM_KEY" "${address}"\n`,
  );
  const key = keyShown === '"$STRATUM_KEY"' ? [] : [`  export STRATUM_KEY=${keyShown}\n`];
  return ['\n  Try it:\n', ...key, ...lines, `  Or open ${url}/docs\n`].join('\n');
}
