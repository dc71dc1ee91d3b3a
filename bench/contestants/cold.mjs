// Many callers of one key that is nowhere: how often does the method run? One round is one key; `loads` per key.
export async function ours({ redis, callers, namespace }) {
  const { library, serviceClass, served } = await import('../harness/library.mjs');
  let loads = 0;
  const find = async (name) => {
    loads += 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { name };
  };
  const { service, close } = await served(serviceClass({ find: [find, library.Cacheable('book')] }), { redis, namespace });
  return {
    async round(key) {
      loads = 0;
      await Promise.all(Array.from({ length: callers }, () => service.find(`cold ${key}`)));
      return { loads };
    },
    close,
  };
}
