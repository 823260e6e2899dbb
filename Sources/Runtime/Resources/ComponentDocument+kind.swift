// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
package import Core
internal import Settings

extension ComponentDocument {
    /// The values for a kind's `make`, held against what the kind declares, with warnings of what is left out.
    package func metadata<Contract>(
        for kind: ComponentKind<Contract>, _ templates: ComponentTemplates
    ) throws(Problems) -> (values: ComponentMetadata, warnings: [Problem]) {
        if let version, !kind.versions.contains(version) {
            let message = "found \(Problem.quote(version)), expected \(kind.versions.alternatives) of \(type)"
            throw Problems([Problem(header.location, key: "spec.version", message)])
        }
        let values = try values(templates)
        return (values, try values.check(against: kind.settings))
    }

    /// The problem with a type that none of the known kinds has.
    package func unknownType(known: [String]) -> Problem {
        let nearest = EditDistance.nearest(to: type, among: known)
        let expected = nearest.map { "\($0), perhaps" } ?? known.alternatives
        return Problem(typeLocation, key: "spec.type", "found \(Problem.quote(type)), expected \(expected)")
    }
}
