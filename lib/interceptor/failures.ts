/** What the steps failed with, in their order, once all of them have ended. */
export async function failuresOf(steps: readonly Promise<unknown>[]): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(steps);
  return outcomes.filter((outcome) => outcome.status === 'rejected').map((outcome): unknown => outcome.reason);
}
