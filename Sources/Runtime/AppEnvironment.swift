// SPDX-License-Identifier: Apache-2.0

import Sidecar

/// What the app is told about its sidecar in its environment, by the names that Dapr's SDKs read.
///
/// `DAPR_API_TOKEN` and `APP_API_TOKEN` reach it because it inherits the sidecar's own environment.
func appEnvironment(
    _ app: AppConfiguration, apiPort: Int?, grpcPort: Int?, adminPort: Int?
) -> [String: String] {
    var environment = ["APP_PROTOCOL": app.protocol.rawValue]
    environment["APP_ID"] = app.id
    environment["APP_PORT"] = app.port.map(String.init)
    if app.address != "127.0.0.1" { environment["APP_CHANNEL_ADDRESS"] = app.address }
    environment["DAPR_HTTP_PORT"] = apiPort.map(String.init)
    environment["DAPR_GRPC_PORT"] = grpcPort.map(String.init)
    environment["DAPR_METRICS_PORT"] = adminPort.map(String.init)
    return environment
}
