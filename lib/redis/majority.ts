/** What several who were asked the same have said so far. */
export interface Heard<T> {
  readonly answers: T[];
  readonly failures: unknown[];
}

/** What most of those asked answer, or all that there is to hear if most cannot. Settles if every question does; never rejects. */
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
