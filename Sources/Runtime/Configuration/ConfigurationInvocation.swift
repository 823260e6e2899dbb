// SPDX-License-Identifier: Apache-2.0

internal import Ambassador
import AppInvocation
package import Core
internal import HTTPAPI
package import Settings
internal import Sidecar
internal import Subscriptions

/// What `outrigger run` and `outrigger check` were asked for.
package enum InvocationRequest: Sendable {
    case help
    case version
    case run(Invocation)
}

/// A command line, the files that it names and the environment, read and checked: all that a start needs.
package struct Invocation: Sendable {
    package var loaded: Loaded<Configuration>
    /// The Dapr documents that are meant for this app, from the configuration files and from `resources`.
    package var resources: [ResourceDocument]
    /// The app's command; empty if something else starts the app.
    package var command: [String]
    /// The components that the documents ask for.
    var plans: ComponentPlans
    /// The subscriptions that the documents declare.
    var subscriptions: [SubscriptionDeclaration]
    /// The servers outside that the documents name.
    var endpoints: [HTTPEndpoint]
    /// Who may call this app; nil if the documents don't say it.
    var accessControl: AccessControl?
    /// What this was read from: the command line and the variables.
    private var arguments: ParsedArguments
    var environment: [String: String]
    /// Sentences about flags of Dapr that change nothing here, to be said at the start.
    package var notices: [String]

    /// Reads everything; what is wrong is thrown at once, in the order in which it was read.
    ///
    /// - Parameter arguments: what follows `outrigger run`.
    package static func request(
        arguments: [String], environment: [String: String]
    ) throws(Problems) -> InvocationRequest {
        let parsed = try FlagParser(flagForms).parse(arguments)
        if parsed.flags.contains(where: { $0.name == "help" }) { return .help }
        if parsed.flags.contains(where: { ["version", "build-info"].contains($0.name) }) { return .version }
        return .run(try read(parsed, environment: environment))
    }

    private static func read(
        _ parsed: ParsedArguments, environment: [String: String]
    ) throws(Problems) -> Invocation {
        var loader = SettingsLoader(Configuration.settings, defaults: Configuration())
        var resources = ResourceLoader()
        let notices = daprNotices(parsed.flags, &loader)
        for flag in parsed.flags where flag.name == "config" {
            let file = ConfigurationFile(path: flag.value, origin: .flag(name: flag.spelling), key: "")
            read(file, &loader, &resources)
        }
        loader.apply(environment: environment)
        loader.apply(parsed.flags)
        if parsed.command == [] {
            loader.add(Problem(.flag(name: "--"), key: "", "found nothing after it, expected the app's command"))
        }
        checkAppID(&loader)
        checkHealth(&loader)
        AmbassadorProblems(loader.loaded, besides: loader.problems).all.forEach { loader.add($0) }
        let configuration = loader.loaded.configuration
        for path in configuration.resources {
            resources.read(
                ConfigurationFile(
                    path: path, origin: loader.loaded.origin(of: "resources") ?? .builtIn, key: "resources"))
        }
        let chosen = resources.documents(appID: configuration.app.id, namespace: configuration.app.namespace)
        applyTracing(of: chosen, &loader)
        resources.problems.forEach { loader.add($0) }
        resources.warnings.forEach { loader.warn($0) }
        let plans = plan(chosen, environment, &loader)
        let subscriptions = subscriptions(chosen, plans, &loader)
        let endpoints = endpoints(chosen, environment, &loader)
        let accessControl = accessControl(chosen, &loader)
        return Invocation(
            loaded: try loader.finish(), resources: chosen, command: parsed.command ?? [], plans: plans,
            subscriptions: subscriptions, endpoints: endpoints, accessControl: accessControl,
            arguments: parsed, environment: environment, notices: notices)
    }

    /// The files that `--config` names.
    var files: [String] { arguments.flags.filter { $0.name == "config" }.map(\.value) }

    /// Reads the same once more, as the files are now.
    func readAgain() throws(Problems) -> Invocation { try Self.read(arguments, environment: environment) }

    /// What Dapr's own documents say of tracing counts where nothing else says it.
    private static func applyTracing(of documents: [ResourceDocument], _ loader: inout SettingsLoader<Configuration>) {
        let given = loader.loaded
        for case .unused(.configuration, _, let node) in documents {
            let tracing = DaprTracing(node)
            tracing.problems.forEach { loader.add($0) }
            tracing.warnings.forEach { loader.warn($0) }
            loader.apply(tracing.settings { given.isGiven("tracing.\($0)") })
        }
    }

    private static func plan(
        _ documents: [ResourceDocument], _ environment: [String: String],
        _ loader: inout SettingsLoader<Configuration>
    ) -> ComponentPlans {
        let templates = templates(loader.loaded.configuration, environment)
        var plans = ComponentPlans()
        for case .component(let component) in documents {
            do throws(Problems) {
                for warning in try plans.add(component, .all, templates) { loader.warn(warning) }
            } catch {
                error.all.forEach { loader.add($0) }
            }
        }
        return plans
    }

    private static func templates(
        _ configuration: Configuration, _ environment: [String: String]
    ) -> ComponentTemplates {
        ComponentTemplates(
            appID: configuration.app.id ?? "", namespace: configuration.app.namespace, environment: environment)
    }

    private static func endpoints(
        _ documents: [ResourceDocument], _ environment: [String: String],
        _ loader: inout SettingsLoader<Configuration>
    ) -> [HTTPEndpoint] {
        let templates = templates(loader.loaded.configuration, environment)
        var endpoints: [HTTPEndpoint] = []
        for case .endpoint(let header, let node) in documents {
            let read = DaprHTTPEndpoint(header, node, templates)
            read.problems.forEach { loader.add($0) }
            read.warnings.forEach { loader.warn($0) }
            if let endpoint = read.endpoint { endpoints.append(endpoint) }
        }
        return endpoints
    }

    private static func accessControl(
        _ documents: [ResourceDocument], _ loader: inout SettingsLoader<Configuration>
    ) -> AccessControl? {
        var found: AccessControl?
        for case .unused(.configuration, _, let node) in documents {
            let read = DaprAccessControl(node)
            read.problems.forEach { loader.add($0) }
            read.warnings.forEach { loader.warn($0) }
            guard let accessControl = read.accessControl else { continue }
            if found != nil {
                loader.add(
                    Problem(
                        node["spec"]?["accessControl"]?.location ?? node.location, key: "spec.accessControl",
                        "found a second access control, expected one"))
            }
            found = accessControl
        }
        return found
    }

    private static func subscriptions(
        _ documents: [ResourceDocument], _ plans: ComponentPlans, _ loader: inout SettingsLoader<Configuration>
    ) -> [SubscriptionDeclaration] {
        let planned = plans.pubsub.map(\.component.document.name)
        // A component whose document is wrong is said once.
        let known = documents.compactMap { if case .component(let component) = $0 { component.name } else { nil } }
        let names = planned.isEmpty ? [Components.defaultPubSubName] : planned
        var declarations: [SubscriptionDeclaration] = []
        for case .subscription(_, let node) in documents {
            let read = SubscriptionDeclaration.read(document: node)
            read.problems.forEach { loader.add($0) }
            read.warnings.forEach { loader.warn($0) }
            for declaration in read.declarations {
                if names.contains(declaration.pubsub) || known.contains(declaration.pubsub) {
                    declarations.append(declaration)
                } else {
                    loader.add(
                        Problem(
                            node["spec"]?["pubsubname"]?.location ?? declaration.location, key: "spec.pubsubname",
                            "found \(Problem.quote(declaration.pubsub)), expected \(names.alternatives)"))
                }
            }
        }
        return declarations
    }

    /// All flags that there are.
    static var flagForms: [FlagForm] {
        Configuration.settings.flagForms + DaprFlag.all.map(\.form) + [
            FlagForm(names: ["config"], short: "c"),
            FlagForm(names: ["help"], short: "h", isSwitch: true),
            FlagForm(names: ["version"], isSwitch: true),
            FlagForm(names: ["build-info"], isSwitch: true),
        ]
    }

    private static func daprNotices(
        _ flags: [ParsedFlag], _ loader: inout SettingsLoader<Configuration>
    ) -> [String] {
        var notices: [String] = []
        for given in flags {
            guard let flag = DaprFlag.all.first(where: { $0.form.names[0] == given.name }) else { continue }
            do throws(Problem) { notices.append(try flag.notice(of: given)) } catch { loader.add(error) }
        }
        return notices
    }

    private static func read(
        _ file: ConfigurationFile, _ loader: inout SettingsLoader<Configuration>, _ resources: inout ResourceLoader
    ) {
        do throws(Problem) {
            for document in try file.documents() {
                document.isDaprResource ? resources.add(document) : loader.apply(document)
            }
        } catch {
            loader.add(error)
        }
    }

    private static func checkAppID(_ loader: inout SettingsLoader<Configuration>) {
        let configuration = loader.loaded.configuration
        guard configuration.api.enabled, configuration.app.id == nil else { return }
        // A wrong id has been said already.
        guard !loader.problems.contains(where: { $0.key == "app.id" }) else { return }
        let origin = loader.loaded.origin(of: "api.enabled") ?? .builtIn
        loader.add(
            Problem(
                origin, key: "app.id",
                "found nothing, expected a name (-a NAME, OUTRIGGER_APP_ID) because api.enabled is true"))
    }

    private static func checkHealth(_ loader: inout SettingsLoader<Configuration>) {
        let app = loader.loaded.configuration.app
        guard app.protocol == .grpc, app.health.enabled else { return }
        loader.add(
            Problem(
                loader.loaded.origin(of: "app.health.enabled") ?? .builtIn, key: "app.health.enabled",
                "found true, expected false because app.protocol is grpc, and health is asked for over HTTP"))
    }
}

extension Problems {
    /// The process's exit status: EX_USAGE if the command line is wrong, else EX_CONFIG (sysexits.h).
    package var exitStatus: Int32 {
        all.contains { problem in
            if case .flag = problem.location { true } else { false }
        } ? ExitStatus.usage : ExitStatus.configuration
    }
}

// MARK: - What check prints

extension Invocation {
    /// What a user should hear of although it stops nothing: a line for each warning and notice.
    package var notes: [String] { loaded.warnings.map { "warning: \($0)" } + notices.map { "notice: \($0)" } }

    /// What would be started, in a few lines.
    package var summary: String {
        let configuration = loaded.configuration
        let components = resources.compactMap { resource in
            if case .component(let component) = resource { "\(component.name) (\(component.type))" } else { nil }
        }
        let topics = subscriptions.map { "\($0.topic) of \($0.pubsub)" }.joined(separator: ", ")
        let ambassador = configuration.wholeAmbassador
        let pools =
            ambassador.redis.map { ($0.name, $0.value.pool) } + ambassador.memcached.map { ($0.name, $0.value.pool) }
        var lines = [
            "OK", "app        \(configuration.app.id ?? "without an id"), namespace \(configuration.app.namespace)",
            "api        \(configuration.api.enabled ? "\(configuration.api.listen)" : "off")",
            "grpc       \(configuration.api.enabled ? "\(configuration.api.grpc.listen)" : "off")",
            "admin      \(configuration.admin.enabled ? "\(configuration.admin.listen)" : "off")",
        ]
        if configuration.api.enabled {
            lines.append("components \(components.isEmpty ? "the embedded ones" : components.joined(separator: ", "))")
            if !endpoints.isEmpty {
                lines.append("endpoints  " + endpoints.map { "\($0.name) (\($0.url))" }.joined(separator: ", "))
            }
            lines.append("topics     \(topics.isEmpty ? "those that the app asks for" : topics)")
        }
        lines += pools.map { "pool       \($0.0) on \($0.1.listen), \($0.1.servers.count) servers" }
        lines += ambassador.http.map { name, proxy in
            "http       \(name) on \(proxy.listen), \(proxy.routes.count) routes, \(proxy.upstreams.count) upstreams"
        }
        return lines.joined(separator: "\n")
    }
}
