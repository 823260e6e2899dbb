// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Logging
import NIOCore
import Proxying
import SQLiteEngine
import Sidecar
import WireHTTP

/// Where a command looks for the sidecars that it asks.
package struct SidecarSearch: Sendable {
    /// The one listener to ask, as the user wrote it; nil: those that the data directory knows.
    package var admin: String?
    /// Nil: the default one.
    package var dataPath: String?
    /// Nil: every app.
    package var appID: String?
    /// As it is for `run`, too: the data directory's default and the namespace may stand there.
    package var environment: [String: String]

    package init(admin: String?, dataPath: String?, appID: String?, environment: [String: String]) {
        self.admin = admin
        self.dataPath = dataPath
        self.appID = appID
        self.environment = environment
    }
}

/// A sidecar that can be asked.
struct RunningSidecar: Sendable {
    /// Nil if only its address is known.
    var appID: String?
    var admin: ListenAddress

    var description: String { [appID, "\(admin)"].compactMap { $0 }.joined(separator: "  ") }

    private static let timeout = TimeAmount.seconds(30)
    private static let answerBytesMax = 64 << 20

    /// What its admin listener answers, with the API token of `environment`.
    func ask(
        _ method: HTTPMethod, _ target: String, _ environment: [String: String], body: [UInt8] = []
    ) async throws(InquiryError) -> String {
        var fields: HTTPFields = [:]
        if let token = environment["DAPR_API_TOKEN"], !token.isEmpty { fields["dapr-api-token"] = token }
        let upstream = HTTPUpstream(address: admin, eventLoopGroup: EpollEventLoopGroup.singleton)
        defer { upstream.closeIdle() }
        do {
            let head = HTTPRequestHead(method, target, fields: fields)
            let request = HTTPRequest(head, body: .bytes(ByteBuffer(bytes: body)))
            let response = try await upstream.send(request, within: Self.timeout)
            guard let body = try await response.body.collect(upTo: Self.answerBytesMax) else {
                throw InquiryError(description: "the answer has more than \(Self.answerBytesMax) bytes; ask for less")
            }
            let text = String(buffer: body)
            guard response.head.status.isSuccess else {
                throw InquiryError(
                    description: text.isEmpty ? "status \(response.head.status.code)" : text,
                    isAbsence: response.head.status == .notFound)
            }
            return text
        } catch {
            let who = appID.map { "\($0): " } ?? ""
            let isAbsence = (error as? InquiryError)?.isAbsence == true
            throw InquiryError(description: who + "\(error)".trimmingSuffix("\n"), isAbsence: isAbsence)
        }
    }
}

extension String {
    func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }

    /// This path with those parameters that have a value.
    func target(_ parameters: [(String, String?)]) -> String {
        let query = parameters.compactMap { name, value in value.map { "\(name)=\($0.percentEncoded)" } }
        return query.isEmpty ? self : self + "?" + query.joined(separator: "&")
    }
}

/// Why a command didn't find or reach a sidecar, and what to do about it.
package struct InquiryError: Error, CustomStringConvertible {
    package var description: String
    /// The process's.
    package var exitStatus: Int32 = ExitStatus.failure
    /// Whether a sidecar answered that it doesn't have what was asked about.
    var isAbsence = false
}

extension SidecarSearch {
    /// The sidecars to ask, at least one, ordered by app.
    func sidecars() async throws(InquiryError) -> [RunningSidecar] {
        if let admin {
            guard let address = ListenAddress(text: admin.contains(":") ? admin : "127.0.0.1:\(admin)") else {
                throw InquiryError(
                    description: "--admin: found \(Problem.quote(admin)), expected HOST:PORT",
                    exitStatus: ExitStatus.usage)
            }
            return [RunningSidecar(admin: address)]
        }
        let path = try folder()
        guard EmbeddedDatabase.exists(in: path) else {
            throw InquiryError(
                description: "no sidecar has used \(path); name the folder (--data-dir) or the listener (--admin)")
        }
        let known = try await records(in: path).filter { appID == nil || $0.appID == appID }
        guard !known.isEmpty else {
            let what = appID.map { "no sidecar of \($0)" } ?? "no sidecar"
            throw InquiryError(description: "\(what) runs on \(path) in the namespace \(namespace) (NAMESPACE)")
        }
        let asked = known.compactMap { record in
            record.adminAddress.flatMap(ListenAddress.init(text:)).map {
                RunningSidecar(appID: record.appID, admin: Self.reachable($0))
            }
        }
        guard !asked.isEmpty else {
            let names = known.map(\.appID).joined(separator: ", ")
            throw InquiryError(description: "these run without an admin listener and can't be asked: \(names)")
        }
        return asked
    }

    /// As `sidecars()`; but a process that is an ambassador alone uses no data directory, so that where none is known
    /// the default admin listener is asked.
    func ambassadors() async throws(InquiryError) -> [RunningSidecar] {
        do {
            return try await sidecars()
        } catch {
            guard admin == nil, dataPath == nil, appID == nil else { throw error }
            return [RunningSidecar(admin: AdminConfiguration().listen)]
        }
    }

    private var namespace: String {
        environment["NAMESPACE"].flatMap { $0.isEmpty ? nil : $0 } ?? Configuration().app.namespace
    }

    private func folder() throws(InquiryError) -> String {
        if let path = dataPath ?? environment["OUTRIGGER_DATA_PATH"], !path.isEmpty { return path }
        do throws(Problem) { return try DataConfiguration.defaultPath(environment) } catch {
            throw InquiryError(description: "\(error)", exitStatus: ExitStatus.configuration)
        }
    }

    private func records(in path: String) async throws(InquiryError) -> [SidecarRecord] {
        do {
            let quiet = Logger(label: "inquiry") { _ in SwiftLogNoOpLogHandler() }
            let database = try await EmbeddedDatabase.open(path: path, logger: quiet)
            let found = await Result { try await database.nameRegistry.sidecars(inNamespace: namespace) }
            await database.close()
            return try found.get()
        } catch {
            throw InquiryError(description: "can't read who runs on \(path): \(error)")
        }
    }

    /// Where a listener is called: one on every address is called on loopback.
    private static func reachable(_ address: ListenAddress) -> ListenAddress {
        switch address.host {
        case "0.0.0.0": ListenAddress(host: "127.0.0.1", port: address.port)
        case "::": ListenAddress(host: "::1", port: address.port)
        default: address
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
