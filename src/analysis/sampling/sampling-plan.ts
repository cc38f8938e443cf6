import type { InputFault } from '../../core/errors/index.js';
import { ValidationFailedError } from '../../core/errors/index.js';
import type { SamplingMethod, SamplingParametersDto } from './dto/sampling-parameters.dto.js';

/** What is asked of a sample, once it is known to make sense. JSON. */
export type SamplingPlan = Omit<SamplingParametersDto, 'strata'>;

type Option = keyof SamplingParametersDto;

/** Options that belong to some methods only. */
const ONLY_FOR: Partial<Record<Option, readonly SamplingMethod[]>> = {
  stratifyBy: ['stratified'],
  strata: ['stratified'],
  allocation: ['stratified'],
  minimumPerStratum: ['stratified'],
  clusterBy: ['cluster'],
  clusters: ['cluster'],
  weight: ['weighted'],
};

/** Checks what one option means for another. @throws ValidationFailedError with all faults */
export function samplingPlan({ strata, ...given }: SamplingParametersDto): SamplingPlan {
  const plan: SamplingPlan = { ...given, stratifyBy: given.stratifyBy ?? strata };
  const faults = [
    ...foreign({ ...given, strata }),
    ...missing(plan),
    ...(given.stratifyBy && strata ? [fault('strata', 'is the same as stratifyBy: give one')] : []),
    ...wrongSize(plan),
    ...wrongStrata(plan),
    ...wrongReplacement(plan),
    ...wrongWeights(plan),
  ];
  if (plan.compression && plan.format !== 'parquet') {
    faults.push(fault('compression', 'is for the format parquet'));
  }
  if (faults.length > 0) throw new ValidationFailedError(faults);
  return plan;
}

const fault = (option: Option, detail: string): InputFault => ({
  pointer: `/parameters/${option}`,
  detail,
});

const foreign = (given: SamplingParametersDto): InputFault[] =>
  (Object.keys(ONLY_FOR) as Option[])
    .filter((option) => given[option] !== undefined && !ONLY_FOR[option]?.includes(given.method))
    .map((option) => fault(option, `is for the method ${ONLY_FOR[option]?.join(', ')}`));

function missing({ method, stratifyBy, clusterBy, weight }: SamplingPlan): InputFault[] {
  if (method === 'stratified' && !stratifyBy) {
    return [fault('stratifyBy', 'must name the columns of the strata')];
  }
  if (method === 'cluster' && !clusterBy) {
    return [fault('clusterBy', 'must name the columns of the clusters')];
  }
  if (method === 'weighted' && weight === undefined) {
    return [fault('weight', 'must name the column of the weights')];
  }
  return [];
}

function wrongSize({ method, rows, fraction, clusters }: SamplingPlan): InputFault[] {
  const given = [rows, fraction, clusters].filter((size) => size !== undefined);
  if (given.length === 1) return [];
  const ways = method === 'cluster' ? 'clusters, rows or fraction' : 'rows or fraction';
  return [fault('rows', `the size must be given, once: by ${ways}`)];
}

function wrongStrata({ allocation, fraction, minimumPerStratum }: SamplingPlan): InputFault[] {
  if (allocation !== 'fixed') return [];
  return [
    ...(fraction === undefined
      ? []
      : [fault('fraction', 'is for allocation proportional: fixed takes rows of each stratum')]),
    ...(minimumPerStratum === undefined
      ? []
      : [fault('minimumPerStratum', 'is for allocation proportional')]),
  ];
}

function wrongReplacement({ method, replacement, rows }: SamplingPlan): InputFault[] {
  if (!replacement) return [];
  if (method === 'systematic' || method === 'reservoir') {
    return [fault('replacement', `is not possible with the method ${method}`)];
  }
  if (method === 'cluster' && rows !== undefined) {
    return [
      fault('rows', 'of clusters with replacement the size is given by clusters or fraction'),
    ];
  }
  return [];
}

function wrongWeights({ method, replacement, rows, includeWeights }: SamplingPlan): InputFault[] {
  if (!includeWeights) return [];
  if (method === 'weighted' && !replacement) {
    return [
      fault(
        'includeWeights',
        'the probabilities of a weighted sample without replacement have no formula: use replacement',
      ),
    ];
  }
  if (method === 'cluster' && rows !== undefined) {
    return [fault('includeWeights', 'needs the size by clusters or fraction')];
  }
  return [];
}
