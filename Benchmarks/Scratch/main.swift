import Ambassador
import Core
import Logging
import NIOPosix
import NIOCore

var configuration = RedisPoolConfiguration()
configuration.pool.listen = .network(ListenAddress(host: "127.0.0.1", port: 22121))
configuration.pool.hash = .murmur
var servers: NamedTable<ServerConfiguration> = [:]
for i in 1...3 {
    servers["server\(i)"] = ServerConfiguration(address: .network(host: "127.0.0.1", port: 6400 + i))
}
configuration.pool.servers = servers
let group = MultiThreadedEventLoopGroup(numberOfThreads: CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1])! : 1)
let pool = RedisPool(name: "cache", configuration: configuration, group: group, logger: Logger(label: "x"))
print(try await pool.start())
try await Task.sleep(for: .seconds(100000))
