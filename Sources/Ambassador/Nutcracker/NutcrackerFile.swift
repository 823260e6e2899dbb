// SPDX-License-Identifier: Apache-2.0

package import Core
import Settings

/// A `nutcracker.yml`, read with twemproxy's own directives, defaults and refusals.
package struct NutcrackerFile: Sendable {
    /// The pools as ours, in the order in which twemproxy shows them.
    package let configuration: AmbassadorConfiguration
    /// The directives that are taken and have no effect, each with its pool: `alpha.server_connections`.
    package let withoutEffect: [String]

    /// What is wrong is thrown at once.
    ///
    /// - Parameter document: what the file holds; nil if it is empty.
    package init(
        _ document: DocumentNode?, file: String, compatibility: RedisCompatibility
    ) throws(Problems) {
        let start = SourceLocation.file(file, line: 1, column: 1)
        let problem = Problem(start, key: "", "found nothing, expected a pool")
        guard let document else { throw Problems([problem]) }
        let empty = document.emptyPlaces.map { Problem($0, key: "", "found nothing, expected a value") }
        guard empty.isEmpty else { throw Problems(empty) }
        let loaded = try Self.load(document)
        guard !loaded.configuration.pools.isEmpty else { throw Problems([problem]) }
        let problems = Self.problems(loaded)
        guard problems.isEmpty else { throw Problems(problems) }
        var configuration = AmbassadorConfiguration()
        for (name, pool) in loaded.configuration.pools.sorted(by: { $0.name.isBefore($1.name) }) {
            if pool.isRedis {
                configuration.redis[name] = pool.redis
                configuration.redis[name]?.compatibility = compatibility
            } else {
                configuration.memcached[name] = pool.memcached
            }
        }
        self.configuration = configuration
        withoutEffect = loaded.configuration.pools.flatMap { name, pool in
            pool.directivesWithoutEffect.map { "\(name).\($0)" }
        }
    }

    /// The file as settings have it: its root is a table of names.
    private struct Root: Sendable {
        static let key = "pools"
        var pools: NamedTable<NutcrackerPool> = [:]

        static var settings: SettingGroup<Root> {
            SettingGroup(
                "A nutcracker.yml.",
                [
                    .table(
                        key, \.pools, named: "POOL", "The pools.", NutcrackerPool.settings, fresh: NutcrackerPool())
                ])
        }
    }

    private static func load(_ document: DocumentNode) throws(Problems) -> Loaded<Root> {
        var loader = SettingsLoader(Root.settings, defaults: Root())
        let entry = DocumentNode.Entry(key: Root.key, keyLocation: document.location, value: document)
        loader.apply(DocumentNode(.mapping([entry]), at: document.location))
        do throws(Problems) {
            return try loader.finish()
        } catch {
            throw Problems(error.all.map { $0.withoutKey(Root.key) })
        }
    }

    /// What is wrong between the directives: each for itself is right.
    private static func problems(_ loaded: Loaded<Root>) -> [Problem] {
        var problems: [Problem] = []
        var listeners: [PoolAddress: String] = [:]
        for (name, pool) in loaded.configuration.pools {
            let key = "\(Root.key).\(name)"
            func add(_ directive: String, _ message: String) {
                let place = loaded.origins["\(key).\(directive)"] ?? loaded.entries[key] ?? .builtIn
                problems.append(Problem(place, key: "\(name).\(directive)", message))
            }
            if loaded.origins["\(key).listen"] == nil {
                add("listen", "found nothing, expected the directive \"listen:\"")
            } else if let other = listeners.updateValue(name, forKey: pool.listen) {
                add("listen", "found \(pool.listen), which is that of \(other); expected another address")
            }
            if pool.password != nil, !pool.isRedis {
                add("redis_auth", "found a password, expected none: it is only valid for a redis pool")
            }
            if pool.servers.isEmpty { add("servers", "found nothing, expected at least one server") }
            for server in pool.servers.map(\.name).repeated {
                add("servers", "found the name \(Problem.quote(server)) a second time, expected another")
            }
        }
        return problems
    }
}

extension DocumentNode {
    /// Where nothing stands, which twemproxy takes nowhere.
    fileprivate var emptyPlaces: [SourceLocation] {
        switch content {
        case .scalar(let text, _): text.isEmpty ? [location] : []
        case .sequence(let items): items.flatMap(\.emptyPlaces)
        case .mapping(let entries): entries.flatMap(\.value.emptyPlaces)
        }
    }
}

extension Problem {
    /// The same for somebody who doesn't know of the table around it.
    fileprivate func withoutKey(_ prefix: String) -> Problem {
        var problem = self
        if key == prefix { problem.key = "" }
        if key.hasPrefix(prefix + ".") { problem.key = String(key.dropFirst(prefix.count + 1)) }
        problem.message = message.replacing("\(prefix).", with: "")
        return problem
    }
}
