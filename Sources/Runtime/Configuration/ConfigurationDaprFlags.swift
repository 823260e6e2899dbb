// SPDX-License-Identifier: Apache-2.0

internal import Core
internal import Settings

/// A flag of `dapr run` or `daprd` for something that Outrigger doesn't have.
///
/// It is taken, with a notice, where it asks for nothing; where it asks for something the start is refused, as silence
/// would leave the user with less than was asked for.
struct DaprFlag: Sendable {
    var form: FlagForm
    /// Whether this value asks for nothing that isn't there.
    var asksForNothing: @Sendable (String) -> Bool
    /// Why there is nothing behind the flag, after its name and a colon; without a full stop.
    var sentence: String

    /// The notice for a value that asks for nothing.
    func notice(of given: ParsedFlag) throws(Problem) -> String {
        guard asksForNothing(given.value) else {
            let found = form.isSwitch && given.value == "true" ? "a flag" : Problem.quote(given.value)
            throw Problem(.flag(name: given.spelling), key: "", "found \(found), which is refused: \(sentence)")
        }
        return "\(given.spelling) changes nothing: \(sentence)"
    }

    private static func flag(
        _ name: String, short: Character? = nil, _ sentence: String,
        unless asksForNothing: @escaping @Sendable (String) -> Bool = { _ in true }
    ) -> DaprFlag {
        DaprFlag(
            form: FlagForm(names: [name], short: short, isSuggested: false), asksForNothing: asksForNothing,
            sentence: sentence)
    }

    private static func toggle(_ name: String, short: Character? = nil, _ sentence: String) -> DaprFlag {
        DaprFlag(
            form: FlagForm(names: [name], short: short, isSwitch: true, isSuggested: false),
            asksForNothing: { SettingType<Bool>.boolean.parse($0) == false }, sentence: sentence)
    }

    private static let noActors = "Outrigger has no actors, workflows or jobs, and connects to no control plane"
    private static let kubernetes = "Outrigger runs the same everywhere and has no mode of its own for Kubernetes"

    /// All of them, by what they are for.
    static let all: [DaprFlag] = [
        flag("placement-host-address", noActors),
        flag("scheduler-host-address", noActors),
        flag("sentry-address", noActors),
        flag("mode", kubernetes) { $0 == "standalone" },
        toggle("kubernetes", short: "k", kubernetes),
        toggle("enable-mtls", "Outrigger has no mutual TLS between sidecars"),
        toggle("enable-profiling", "Outrigger has no profiling endpoint"),
        flag("profile-port", "Outrigger has no profiling endpoint"),
        toggle("app-ssl", "Outrigger speaks plain HTTP with the app"),
        flag("disable-init-endpoints", "the endpoints are not called at the start anyway"),
        flag("allowed-origins", "Outrigger doesn't answer for other origins (CORS)") { $0 == "*" },
        flag("hot-reload-reconcile-interval", "Outrigger reads resources at its start only"),
        flag("read-buffer-size", "headers of up to 80 KiB are read anyway") { text in
            ByteCount(text: text).map { $0 <= .kibibytes(80) } ?? false
        },
        flag("runtime-path", "Outrigger is one binary and needs no installation of Dapr"),
        flag("unix-domain-socket", short: "u", "Outrigger serves no Unix domain socket") { $0.isEmpty },
        flag("run-file", short: "f", "Outrigger runs one app; start it once for each") { _ in false },
        flag("dapr-block-shutdown-duration", "Outrigger doesn't delay its shutdown") { $0.isEmpty },
        toggle("wait", "Outrigger doesn't wait for other services"),
    ]
}
