/** What the servers that were asked the same question have answered so far. */
export interface Heard<T> {
  readonly answers: T[];
  readonly failures: unknown[];
}

/**
 * Resolves once most of the questions are answered; or once all have settled, if most fail. Stays pending
 * while neither is so; never rejects.
 *
 * @returns the answers and failures up to that moment.
 */
export function majorityOf<T>(questions: readonly Promise<T>[]): Promise<Heard<T>> {
  const heard: Heard<T> = { answers: [], failures: [] };
  const majority = Math.floor(questions.length / 2) + 1;
  return new Promise((resolve) => {
    const look = (): void => {
      const { answers, failures } = heard;
      if (answers.length < majority && answers.length + failures.length < questions.length) return;
      resolve({ answers: [...answers], failures: [...failures] });
    };
    look();
    for (const question of questions) {
      question.then(
        (answer) => {
          heard.answers.push(answer);
          look();
        },
        (failure: unknown) => {
          heard.failures.push(failure);
          look();
        },
      );
    }
  });
}
