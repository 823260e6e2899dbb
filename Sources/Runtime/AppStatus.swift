// SPDX-License-Identifier: Apache-2.0

import Core
import HTTPAPI
import Settings
import Sidecar
import Synchronization

/// What `/admin/app` tells of the app that the sidecar runs beside.
final class AppStatus: Sendable {
    private struct State: Sendable {
        var pid: Int32?
        var isListening = false
        var restarts = 0
        var lastExit: AppExit?
    }

    private let state = Mutex(State())

    func note(_ event: Supervisor.Event) {
        state.withLock { state in
            switch event {
            case .started(let pid): state.pid = pid
            case .listening: state.isListening = true
            case .exited(let exit, _):
                state.pid = nil
                state.isListening = false
                state.lastExit = exit
            case .restarting: state.restarts += 1
            case .gaveUp: break
            }
        }
    }

    var endpoint: AdminEndpoint {
        AdminEndpoint("/admin/app", summary: "The app that this sidecar runs beside.") { [self] _ in
            let state = state.withLock { $0 }
            var json = JSONWriter()
            json.beginObject()
            json.key("pid")
            if let pid = state.pid { json.integer(pid) } else { json.null() }
            json.field("listening", state.isListening)
            json.field("restarts", state.restarts)
            json.key("lastExit")
            if let exit = state.lastExit { json.string("\(exit)") } else { json.null() }
            json.endObject()
            return .json(json.bytes + [UInt8(ascii: "\n")])
        }
    }
}

extension HealthState {
    func note(_ event: Supervisor.Event) {
        switch event {
        case .listening: setAppReady(true)
        case .exited: setAppReady(false)
        case .started, .restarting, .gaveUp: break
        }
    }
}

extension SidecarMetadata {
    convenience init(_ invocation: Invocation) {
        let app = invocation.loaded.configuration.app
        var extended = ["cliPID": "\(processID())"]
        if !invocation.command.isEmpty { extended["appCommand"] = invocation.command.joined(separator: " ") }
        self.init(
            appID: app.id ?? "",
            app: app.port.map { AppConnection(port: $0, protocol: app.protocol.rawValue, address: app.address) },
            endpoints: invocation.endpoints.map(\.name), extended: extended)
    }

    func note(_ event: Supervisor.Event) {
        switch event {
        case .started(let pid): set("appPID", "\(pid)")
        case .exited: remove("appPID")
        case .listening, .restarting, .gaveUp: break
        }
    }
}
