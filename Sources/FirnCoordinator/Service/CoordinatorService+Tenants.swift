import FirnKeys
import FirnProtocol
import Logging
import ZeroMQ

/// Changes of tenants and keys while the coordinator runs, and the end of connections whose keys were revoked.
extension CoordinatorService {
    func save(_ changes: WireTenantChanges) {
        readQueue.async { [self] in
            var fault: ProtocolError?
            do { try tenantChanges.write(changes) } catch {
                fault = ProtocolError(.storeUnavailable, "the change cannot be kept: \(error)", retryAfter: 1_000)
            }
            executor.post { [fault] in self.assumeIsolated { $0.apply(.changed(fault)) } }
        }
    }

    func change(_ key: KeyChange) {
        readQueue.async { [self] in
            let fault = authorizer.change(key)
            executor.post {
                self.assumeIsolated { service in
                    service.logger.notice(
                        "an operator changes a key",
                        metadata: [
                            "owner": "\(key.owner.map(\.userID) ?? "")", "revoked": "\(key.isRevocation)",
                            "fault": "\(fault.map(\.message) ?? "none")",
                        ])
                    service.apply(.changed(fault))
                }
            }
        }
    }

    func listTenants(_ name: String, for peer: Peer, correlation: UInt64) {
        let list = machine.tenantList(name, keys: authorizer.tenantKeys)
        apply(.list(.tenantList(list), peer, correlation: correlation))
    }

    func listKeys(like owner: Identity?, for peer: Peer, correlation: UInt64, closed: Int) {
        let owners = authorizer.owners.filter { $0.role == owner?.role && $0.tenant == owner?.tenant }
        let list = WireKeyList.with {
            $0.owners = owners.map(\.userID).sorted()
            $0.closed = UInt32(clamping: closed)
        }
        apply(.list(.keyList(list), peer, correlation: correlation))
    }

    /// Notes the connection of a session, so that it can be closed.
    func noteConnection(of peer: Peer, _ message: Message) {
        guard connections[peer] == nil, machine.hasSession(peer) else { return }
        connections[peer] = message.descriptor.flatMap(PeerConnection.init)
    }

    /// Ends the sessions of clients whose connections have ended. Otherwise the coordinator would notice it only when it
    /// has something to send, and the session would count as a connection of its tenant until then. A worker keeps its
    /// leases until its heartbeats are missing, because it may connect again.
    func forgetConnections() {
        for (peer, connection) in connections where !connection.isOpen && peer.endpoint != .workers {
            unreachable.append(peer)
            discard(peer)
        }
        connections = connections.filter { $0.value.isOpen && machine.hasSession($0.key) }
    }

    /// Closes a connection at once, with everything that is queued for it.
    func disconnect(_ peer: Peer) {
        if peer.endpoint == .workers { workerQueues[peer] = nil } else { discard(peer) }
        connections.removeValue(forKey: peer)?.shutDown()
    }

    /// Puts another configuration in force, as far as that is possible without a restart.
    ///
    /// - Returns: whether other parts of it differ too, which need a restart.
    func reconfigure(_ new: CoordinatorConfiguration) throws -> Bool {
        try new.check()
        let needsRestart = configuration.needsRestart(for: new)
        configuration.settings.defaultPolicy = new.settings.defaultPolicy
        configuration.settings.tenants = new.settings.tenants
        configuration.settings.retention = new.settings.retention
        apply(.reconfigured(new.settings))
        reloadKeys()
        logger.notice("the configuration was read again", metadata: ["needsRestart": "\(needsRestart)"])
        return needsRestart
    }
}
