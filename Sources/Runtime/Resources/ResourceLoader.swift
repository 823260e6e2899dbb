// SPDX-License-Identifier: Apache-2.0

internal import Core

/// Collects the Dapr documents of configuration files and of the `resources` paths.
struct ResourceLoader {
    private var documents: [ResourceDocument] = []
    private(set) var problems: [Problem] = []
    private(set) var warnings: [Problem] = []

    mutating func add(_ node: DocumentNode) {
        if let document = ResourceDocument.read(node, problems: &problems, warnings: &warnings) {
            documents.append(document)
        }
    }

    /// Reads a file or a folder; documents of others, such as Kubernetes' own, are left out with a warning.
    mutating func read(_ path: ConfigurationFile) {
        do throws(Problem) {
            for file in try path.files() { read(file: file) }
        } catch {
            problems.append(error)
        }
    }

    private mutating func read(file: ConfigurationFile) {
        do throws(Problem) {
            for node in try file.documents() where !node.isNull {
                guard node.isDaprResource else {
                    warnings.append(
                        Problem(
                            node.location, key: "",
                            "found a document that is not Dapr's (apiVersion: dapr.io/…); it is left out"))
                    continue
                }
                add(node)
            }
        } catch {
            problems.append(error)
        }
    }

    /// The documents that one app takes notice of. Two components of one name are a problem only then: documents for
    /// different apps may share a name.
    mutating func documents(appID: String?, namespace: String) -> [ResourceDocument] {
        let meant = documents.filter { $0.header.isMeant(for: appID, in: namespace) }
        problems += Self.seconds("component", meant) { if case .component = $0 { true } else { false } }
        problems += Self.seconds("HTTPEndpoint", meant) { if case .endpoint = $0 { true } else { false } }
        for case .unused(let kind, let header, let node) in meant {
            if let notice = Self.notice(of: kind, node) {
                warnings.append(Problem(header.location, key: "kind", notice))
            }
        }
        return meant
    }

    /// The problems with resources that have the name of one before them.
    private static func seconds(
        _ kind: String, _ documents: [ResourceDocument], _ isOne: (ResourceDocument) -> Bool
    ) -> [Problem] {
        var places: [String: SourceLocation] = [:]
        return documents.filter(isOne).map(\.header).compactMap { header in
            guard let first = places.updateValue(header.location, forKey: header.name) else { return nil }
            let name = Problem.quote(header.name)
            return Problem(
                header.location, key: "metadata.name",
                "found a second \(kind) \(name), expected one; the first is at \(first)")
        }
    }

    private static func notice(of kind: ResourceDocument.Kind, _ node: DocumentNode) -> String? {
        let used = ["tracing", "accessControl"]
        guard kind == .configuration, let spec = node["spec"], used.contains(where: { spec[$0] != nil }) else {
            return "found \(kind.rawValue), which Outrigger reads but doesn't use yet"
        }
        guard case .mapping(let entries) = spec.content, !entries.allSatisfy({ used.contains($0.key) }) else {
            return nil
        }
        return "found \(kind.rawValue), of which Outrigger uses spec.tracing and spec.accessControl only"
    }
}
