/** What a setting may be. */
export type SettingValue = boolean | number | string;

/** One setting as it is in force. */
export interface Setting {
  readonly name: string;
  readonly value: SettingValue;
  /** How often it was saved, counted by the database: of two values the one with the higher version is the newer. */
  readonly version: number;
}

/** For people. */
export const describe = ({ name, value, version }: Setting): string => `${name} v${version} ${JSON.stringify(value)}`;

/** What is known of a setting before anybody sets it. */
interface SettingDefinition {
  readonly initial: SettingValue;
  /** Completes the sentence "Expected the value of 'page-size' to be …". */
  readonly expected: string;
  readonly isValid: (value: unknown) => boolean;
}

/** Every setting there is. */
export const DEFINITIONS: Readonly<Record<string, SettingDefinition>> = {
  banner: {
    initial: '',
    expected: 'a string of at most 200 characters',
    isValid: (value) => typeof value === 'string' && value.length <= 200,
  },
  maintenance: {
    initial: false,
    expected: 'true or false',
    isValid: (value) => typeof value === 'boolean',
  },
  'page-size': {
    initial: 20,
    expected: 'a whole number from 1 to 500',
    isValid: (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 500,
  },
};

/** Somebody asks for something that cannot be. `statusCode` is what it is over HTTP. */
export class SettingError extends Error {
  constructor(
    readonly statusCode: 400 | 404 | 503,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** @throws {SettingError} for a name that no setting has, with `statusCode`. */
export function checkName(name: string, statusCode: 400 | 404): string {
  if (Object.hasOwn(DEFINITIONS, name)) return name;
  throw new SettingError(statusCode, `There is no setting '${name}'. There are: ${Object.keys(DEFINITIONS).join(', ')}.`);
}

/** @throws {SettingError} 400 for a name that no setting has, or a value that this one cannot have. */
export function checkValue(name: string, value: unknown): SettingValue {
  const definition = DEFINITIONS[checkName(name, 400)];
  if (definition?.isValid(value) === true) return value as SettingValue;
  throw new SettingError(400, `Expected the value of '${name}' to be ${definition?.expected}.`);
}

/** A setting that comes from outside. @throws {SettingError} 400 when it is none. */
export function readSetting(received: unknown): Setting {
  const { name, value, version } = (received ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || !Number.isSafeInteger(version))
    throw new SettingError(400, 'Expected a setting with name, value and version.');
  return { name, value: checkValue(name, value), version: version as number };
}
