import { contentOf, openPackage } from './package-files.mjs';

/**
 * The sample datasets: what is said of them, and their versions, each as the files that it puts and
 * moves. `marks` are tags of versions; `branches` leave a version with a commit of their own.
 */
export async function demoDatasets() {
  const samples = await openPackage();
  return await Promise.all(
    [seattleWeather, cars, flights, places, movies].map(async (describe) => ({
      marks: [],
      branches: [],
      ...(await describe(samples)),
    })),
  );
}

async function seattleWeather({ file, provenance }) {
  const all = await file('seattle-weather.csv');
  const hourly = 'seattle-weather-hourly-normals.csv';
  const path = 'seattle-weather.csv';
  const rows = (isKept) => contentOf(path, linesOf(all.bytes, isKept));
  return {
    slug: 'seattle-weather',
    name: 'Seattle weather',
    description: 'Daily observations in Seattle from 2012 to 2015, and what is normal by the hour.',
    tags: ['climate', 'csv', 'time-series'],
    metadata: provenance(path, hourly),
    versions: [
      { message: 'First version', puts: { [path]: rows((line) => line < '2015') } },
      { message: 'Add the year 2015', puts: { [path]: all } },
      {
        message: 'Add hourly normals and a readme',
        puts: { [`normals/${hourly}`]: await file(hourly), 'README.md': contentOf(...WEATHER) },
      },
    ],
    marks: [{ name: 'first-three-years', version: 1 }],
    branches: [
      {
        name: 'sunny-days',
        version: 3,
        message: 'Keep the days of sunshine',
        puts: { [path]: rows((line) => line.endsWith(',sun')) },
      },
    ],
  };
}

async function cars({ file, provenance }) {
  return {
    slug: 'cars',
    name: 'Cars of 1970 to 1982',
    description: 'Consumption, power and weight of 406 models.',
    tags: ['json', 'cars'],
    metadata: provenance('cars.json'),
    versions: [{ message: 'First version', puts: { 'cars.json': await file('cars.json') } }],
  };
}

async function flights({ file, provenance }) {
  const [arrow, parquet] = ['flights-200k.arrow', 'flights-3m.parquet'];
  return {
    slug: 'flights',
    name: 'Delays of flights',
    description: 'Delays, distances and times of flights in the United States.',
    tags: ['arrow', 'parquet', 'transport'],
    metadata: provenance(arrow, parquet),
    versions: [
      { message: 'First version', puts: { [arrow]: await file(arrow) } },
      {
        message: 'Add three million rows; a folder for each format',
        puts: { [`parquet/${parquet}`]: await file(parquet) },
        moves: { [arrow]: `arrow/${arrow}` },
      },
    ],
    marks: [{ name: 'three-million', version: 2 }],
  };
}

async function places({ file, provenance }) {
  const [airports, capitals] = ['airports.csv', 'us-state-capitals.json'];
  return {
    slug: 'us-places',
    name: 'Airports and capitals of the United States',
    description: 'Where airports and the capitals of the states lie.',
    tags: ['csv', 'geography', 'json', 'transport'],
    metadata: provenance(airports, capitals),
    versions: [
      { message: 'First version', puts: { [airports]: await file(airports) } },
      { message: 'Add the capitals', puts: { [capitals]: await file(capitals) } },
    ],
  };
}

async function movies({ file, provenance }) {
  return {
    slug: 'movies',
    name: 'Movies',
    description: 'Films, what they cost and took, and how they were rated; with known errors.',
    tags: ['film', 'json'],
    metadata: provenance('movies.json'),
    versions: [
      { message: 'First version', puts: { 'movies.json': await file('movies.json') } },
      {
        message: 'Say what is wrong with the data',
        puts: { 'README.md': contentOf(...MOVIES) },
        moves: { 'movies.json': 'data/movies.json' },
      },
    ],
  };
}

/** The lines of a CSV file that are kept, after its first. */
function linesOf(bytes, isKept) {
  const [head, ...lines] = bytes.toString().trimEnd().split('\n');
  return `${[head, ...lines.filter(isKept)].join('\n')}\n`;
}

const WEATHER = [
  'README.md',
  `# Seattle weather

- \`seattle-weather.csv\`: a row a day; precipitation in mm, temperatures in °C, wind in m/s.
- \`normals/\`: what is normal by the hour.
`,
];

const MOVIES = [
  'README.md',
  `# Movies

The data has errors that are kept for teaching: a title is missing, titles such as 1776 are numbers,
dates lie in the future. Clean it on a branch and compare.
`,
];
