// SPDX-License-Identifier: Apache-2.0

import Core
package import Logging
package import Telemetry

extension AdminEndpoint {
    /// `/admin/log-level`: GET says it, PUT with a level's name as the body changes it until the process ends.
    package static func logLevel(_ logs: Logs, logger: Logger) -> AdminEndpoint {
        AdminEndpoint(
            "/admin/log-level", methods: ["GET", "PUT"],
            summary: "The lowest level that is logged; PUT a name (debug, info, …) to change it."
        ) { request in
            guard request.method == "PUT" else { return answer(logs.level) }
            let name = String(decoding: request.body, as: UTF8.self).filter { !$0.isWhitespace }
            guard let level = Logger.Level(rawValue: name) else {
                let known = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                return .text("Expected one of: \(known).\n", status: 400)
            }
            let old = logs.level
            // Open for this one line, so that a change between levels above it isn't silent.
            logs.level = min(old, level, .notice)
            logger.emit(.logLevelChanged(from: old.rawValue, to: level.rawValue))
            logs.level = level
            return answer(level)
        }
    }

    private static func answer(_ level: Logger.Level) -> AdminResponse {
        var json = JSONWriter(capacity: 32)
        json.beginObject()
        json.field("level", level.rawValue)
        json.endObject()
        return .json(json.bytes + [UInt8(ascii: "\n")])
    }
}
