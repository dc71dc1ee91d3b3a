import type { Redis } from 'ioredis';
import { injectable } from 'inversify';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Consumer } from './consumer.js';
import { type Plan, PLAN_NAMES, type PlanName, PLANS } from './plan.js';
import { Refusal } from './refusal.js';

/** How often an address may show a credential that is not accepted: so many times in so many seconds. */
const FAILURES: Plan = { requests: 300, seconds: 60 };

/** What is left to a consumer, as headers that many clients know. */
export type AllowanceHeaders = Readonly<Record<'ratelimit-limit' | 'ratelimit-remaining' | 'ratelimit-reset', string>>;

/** Who may ask how often. */
@injectable()
export class RateLimits {
  readonly #limiters: ReadonlyMap<PlanName, RateLimiterAbstract>;
  /** Each gateway counts for itself what it has to bear itself; and what protects the database must not depend on Redis. */
  readonly #failures = new RateLimiterMemory({ points: FAILURES.requests, duration: FAILURES.seconds });

  /** @param make - makes what counts the requests of one plan. */
  constructor(make: (name: PlanName) => RateLimiterAbstract) {
    this.#limiters = new Map(PLAN_NAMES.map((name) => [name, make(name)]));
  }

  /** For gateways of one process, which share it. */
  static inMemory(): RateLimits {
    return new RateLimits((name) => inMemory(name, PLANS[name].requests));
  }

  /**
   * For gateways that share a Redis. While it does not answer, each counts for itself, and allows its part of the plan: a dead Redis does not close
   * the gateway, and does not open it to everything either.
   *
   * @param redis - must fail fast: no queue while it is disconnected, and a time limit for each command.
   * @param gateways - how many there are.
   */
  static overRedis(redis: Redis, gateways: number): RateLimits {
    return new RateLimits((name) => {
      const { requests: points, seconds: duration } = PLANS[name];
      return new RateLimiterRedis({
        storeClient: redis,
        keyPrefix: `gateway:limit:${name}`,
        points,
        duration,
        rejectIfRedisNotReady: true,
        inMemoryBlockOnConsumed: points, // Who has used up his plan costs Redis nothing until it begins anew.
        insuranceLimiter: inMemory(name, Math.ceil(points / gateways)),
      });
    });
  }

  /** Counts one request. @throws {Refusal} 429 when that is one too many. */
  async consume({ kind, id, plan }: Consumer): Promise<AllowanceHeaders> {
    const limiter = this.#limiters.get(plan) as RateLimiterAbstract;
    try {
      return allowance(plan, await limiter.consume(`${kind}:${id}`));
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      throw tooMany(
        error,
        `Your plan '${plan}' allows ${PLANS[plan].requests} requests in ${PLANS[plan].seconds} s.`,
        allowance(plan, error),
      );
    }
  }

  /** @throws {Refusal} 429 when there were too many failures from this address. */
  async admit(address: string): Promise<void> {
    const failures = await this.#failures.get(address);
    if (failures !== null && failures.consumedPoints >= FAILURES.requests)
      throw tooMany(failures, 'Too many credentials that are not accepted.');
  }

  /** Counts a credential that was not accepted. */
  async noteFailure(address: string): Promise<void> {
    await this.#failures.penalty(address);
  }
}

const inMemory = (name: PlanName, points: number): RateLimiterMemory =>
  new RateLimiterMemory({ keyPrefix: name, points, duration: PLANS[name].seconds });

function allowance(plan: PlanName, { remainingPoints, msBeforeNext }: RateLimiterRes): AllowanceHeaders {
  return {
    'ratelimit-limit': `${PLANS[plan].requests}`,
    'ratelimit-remaining': `${remainingPoints}`,
    'ratelimit-reset': inSeconds(msBeforeNext),
  };
}

function tooMany({ msBeforeNext }: RateLimiterRes, message: string, headers: Readonly<Record<string, string>> = {}): Refusal {
  return new Refusal(429, 'too_many_requests', message, { ...headers, 'retry-after': inSeconds(msBeforeNext) });
}

/** Rounded up: who waits so long is not too early. */
const inSeconds = (ms: number): string => `${Math.max(1, Math.ceil(ms / 1_000))}`;
