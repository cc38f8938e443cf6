import { readFileSync } from 'node:fs';

/** A real CSV file. */
export const WEATHER = readFileSync('node_modules/vega-datasets/data/seattle-weather.csv', 'utf8');
/** An oracle as simple as the file is: no quotes, no empty cells. */
export const DAYS = WEATHER.trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(','))
  .map(([date, precipitation, max, min, wind, weather]) => ({
    date,
    precipitation: Number(precipitation),
    temp_max: Number(max),
    temp_min: Number(min),
    wind: Number(wind),
    weather,
  }));
