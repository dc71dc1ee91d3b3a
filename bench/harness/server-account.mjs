/** The server's own account. `cpuMs` of its main thread so far; bytes sent; commands; clients, and the memory they take. */
export async function serverAccount(client) {
  const info = await client.info('everything');
  const figure = (name) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? NaN);
  return {
    cpuMs: (figure('used_cpu_user_main_thread') + figure('used_cpu_sys_main_thread')) * 1_000,
    sent: figure('total_net_output_bytes'),
    commands: figure('total_commands_processed'),
    clients: figure('connected_clients'),
    clientBytes: figure('mem_clients_normal'),
  };
}
