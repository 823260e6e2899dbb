// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import NIOCore
import Proxying
import WireJSON

/// The state routes: a request becomes keys and writes, the component's answer becomes a response.
struct StateEndpoints: Sendable {
    let components: [String: StateComponent]
    let appID: String

    init(components: [StateComponent], appID: String) {
        self.components = Dictionary(components.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.appID = appID
    }

    func component(_ name: String) throws(APIError) -> StateComponent {
        if let component = components[name] { return component }
        throw components.isEmpty ? .storeNotConfigured(name, appID: appID) : .storeNotFound(name, appID: appID)
    }

    func get(_ target: RequestTarget) async throws(APIError) -> HTTPResponse {
        let component = try component(target.name)
        let key = try storedKey(target.key, component)
        do {
            guard let item = try await component.get(key) else { return .noContent }
            return .stateValue(item)
        } catch {
            throw .stateGet(error, key: target.key, store: target.name)
        }
    }

    func delete(_ target: RequestTarget, ifMatch: String?) async throws(APIError) -> HTTPResponse {
        let component = try component(target.name)
        let request = StateRequest(
            key: target.key, value: nil, etag: ifMatch, concurrency: target.query["concurrency"],
            consistency: target.query["consistency"])
        let write: StateWrite
        do { write = try component.write(request) } catch {
            throw .stateRequest(error, store: target.name) ?? .stateDelete(StateError(error), key: target.key)
        }
        if case .failure(let error) = await component.apply([write])[0] { throw .stateDelete(error, key: target.key) }
        return .noContent
    }

    /// Saves each item on its own, after all of them were found to be well formed.
    func save(_ target: RequestTarget, _ body: ByteBuffer) async throws(APIError) -> HTTPResponse {
        let component = try component(target.name)
        let requests: [StateRequest]
        do { requests = try StateRequestBody.saves(body) } catch { throw .malformedRequest(error.description) }
        if requests.isEmpty { return .noContent }
        try checkCount(requests.count, max: StateLimits.itemsMax, "items")
        var writes: [StateWrite] = []
        writes.reserveCapacity(requests.count)
        do {
            for request in requests { writes.append(try component.write(upsert(request, target))) }
        } catch {
            throw .stateRequest(error, store: target.name)
                ?? .stateSave([StateError(error)], writes: 1, store: target.name)
        }
        let errors = await component.apply(writes).compactMap(\.failure)
        if errors.isEmpty { return .noContent }
        throw .stateSave(errors, writes: writes.count, store: target.name)
    }

    func bulkGet(_ target: RequestTarget, _ body: ByteBuffer) async throws(APIError) -> HTTPResponse {
        let component = try component(target.name)
        let keys: [String]
        do { keys = try StateRequestBody.bulkKeys(body) } catch { throw Self.malformed(error) }
        try checkCount(keys.count, max: StateLimits.keysMax, "keys")
        var storedKeys: [String] = []
        storedKeys.reserveCapacity(keys.count)
        for key in keys { storedKeys.append(try storedKey(key, component)) }
        do {
            let items = keys.isEmpty ? [] : try await component.get(storedKeys)
            return try BulkGetAnswer.response(keys: keys, items: items)
        } catch {
            throw .stateBulkGet(error)
        }
    }

    func transact(_ target: RequestTarget, _ body: ByteBuffer) async throws(APIError) -> HTTPResponse {
        let component = try component(target.name)
        guard component.features.contains(.transactional) else { throw .transactionsUnsupported(target.name) }
        let operations: [StateRequestBody.Operation]
        do { operations = try StateRequestBody.transaction(body) } catch { throw Self.malformed(error) }
        if operations.isEmpty { return .noContent }
        if operations.count > StateLimits.itemsMax {
            throw .tooManyOperations(operations.count, max: StateLimits.itemsMax, store: target.name)
        }
        var writes: [StateWrite] = []
        writes.reserveCapacity(operations.count)
        for operation in operations { writes.append(try write(operation, target, component)) }
        do {
            try await component.transact(writes)
            return .noContent
        } catch {
            throw .stateTransaction(error)
        }
    }

    /// No store of ours can be queried.
    func query(_ target: RequestTarget) throws(APIError) -> HTTPResponse {
        _ = try component(target.name)
        throw .queryUnsupported(target.name)
    }

    // MARK: - Steps

    private func write(
        _ operation: StateRequestBody.Operation, _ target: RequestTarget, _ component: StateComponent
    ) throws(APIError) -> StateWrite {
        var request = operation.request ?? StateRequest(key: "", value: nil)
        switch operation.kind {
        case "upsert": request = upsert(request, target)
        case "delete":
            request.value = nil
            request.timeToLive = nil
        default: throw .operationUnsupported(operation.kind)
        }
        do { return try component.write(request) } catch {
            throw .stateRequest(error, store: target.name) ?? .stateTransaction(StateError(error))
        }
    }

    /// The request as an upsert, with what the query says about it.
    private func upsert(_ request: StateRequest, _ target: RequestTarget) -> StateRequest {
        var request = request
        // Go decodes a missing value to the same thing as null.
        if request.value == nil { request.value = ByteBuffer(string: "null") }
        if let seconds = target.query.metadata(StateRequest.MetadataName.timeToLive) { request.timeToLive = seconds }
        return request
    }

    private func storedKey(_ key: String, _ component: StateComponent) throws(APIError) -> String {
        do { return try component.storedKey(key) } catch {
            throw .stateRequest(error, store: component.name) ?? .malformedRequest(error.description)
        }
    }

    private func checkCount(_ count: Int, max: Int, _ noun: String) throws(APIError) {
        if count > max { throw .malformedRequest("the request has \(count) \(noun), more than the limit of \(max)") }
    }

    private static func malformed(_ error: JSONError) -> APIError {
        .malformedRequest("failed deserializing HTTP body: \(error.description)")
    }
}

/// What one state request may ask for.
enum StateLimits {
    /// Items of a save, or operations of a transaction: what a store commits at once without holding up others for
    /// long.
    static let itemsMax = 10_000
    static let keysMax = 10_000
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { return error }
        return nil
    }
}
