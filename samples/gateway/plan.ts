/** How much a consumer may ask for. */
export interface Plan {
  readonly requests: number;
  /** In so many seconds, counted from the first of them. */
  readonly seconds: number;
}

/** The plans there are. Tokens have `standard`. */
export const PLANS = {
  trial: { requests: 20, seconds: 10 },
  standard: { requests: 5_000, seconds: 10 },
} as const satisfies Readonly<Record<string, Plan>>;

export type PlanName = keyof typeof PLANS;

export const PLAN_NAMES = Object.keys(PLANS) as readonly PlanName[];

export const isPlanName = (name: unknown): name is PlanName => typeof name === 'string' && Object.hasOwn(PLANS, name);
