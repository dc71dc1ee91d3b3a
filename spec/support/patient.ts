/** Options of an instance in a spec that is not about deadlines: nothing fails because the machine has other things to do. */
export const PATIENT = { timeout: '5s', deadline: '20s', connectTimeout: '20s' } as const;
