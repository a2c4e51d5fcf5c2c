/// What an engine has done since it was made. Every packet that goes in is delivered, sent, staged or counted here as
/// dropped, under the cause that was found first.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Counters {
    /// Datagrams handed to the engine.
    pub datagrams_received: u64,
    /// Datagrams handed out for sending.
    pub datagrams_sent: u64,
    /// Packets from peers handed out for the packet device.
    pub packets_delivered: u64,
    /// Packets from the packet device that left encrypted.
    pub packets_sent: u64,
    /// Sessions established, in either direction.
    pub handshakes_completed: u64,
    /// Handshakes given up after 90 s without an answer.
    pub handshakes_failed: u64,
    /// Keepalives received.
    pub keepalives_received: u64,
    /// Keepalives sent.
    pub keepalives_sent: u64,
    /// Not a WireGuard message, not an IP packet, or cut short.
    pub dropped_malformed: u64,
    /// A handshake message whose first MAC is not made for this key.
    pub dropped_bad_mac: u64,
    /// A message that does not authenticate.
    pub dropped_unauthenticated: u64,
    /// A handshake by a key that no peer has.
    pub dropped_unknown_peer: u64,
    /// A message to a session that does not exist.
    pub dropped_unknown_session: u64,
    /// A message that was received before, or is too old to tell.
    pub dropped_replayed: u64,
    /// A message under keys older than 180 s.
    pub dropped_expired: u64,
    /// A packet from a peer whose source address belongs to another peer or to none.
    pub dropped_source: u64,
    /// A packet to an address that belongs to no peer.
    pub dropped_no_route: u64,
    /// A packet to a peer whose endpoint is not known.
    pub dropped_no_endpoint: u64,
    /// A packet longer than the MTU.
    pub dropped_oversized: u64,
    /// A packet from a peer to a destination that the filter does not permit it.
    pub dropped_filter: u64,
    /// A packet to a peer that belongs to no flow which the peer was permitted to open.
    pub dropped_unsolicited: u64,
    /// A packet that came when the filter was no longer valid.
    pub dropped_filter_expired: u64,
    /// A fragment that cannot be matched to a permitted packet, or a packet made to deceive a filter.
    pub dropped_fragment: u64,
    /// A packet for which the filter had no room to remember its flow.
    pub dropped_flow_table: u64,
    /// A packet or datagram for which a queue of the engine had no room.
    pub dropped_queue_full: u64,
    /// A packet that waited for a handshake which was never answered, or whose peer was removed.
    pub dropped_no_session: u64,
    /// A packet that the packet device did not take.
    pub dropped_device: u64,
    /// A datagram that the operating system did not send.
    pub dropped_send: u64,
}

impl Counters {
    /// The sum of everything that was dropped.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped_malformed
            + self.dropped_bad_mac
            + self.dropped_unauthenticated
            + self.dropped_unknown_peer
            + self.dropped_unknown_session
            + self.dropped_replayed
            + self.dropped_expired
            + self.dropped_source
            + self.dropped_no_route
            + self.dropped_no_endpoint
            + self.dropped_oversized
            + self.dropped_filter
            + self.dropped_unsolicited
            + self.dropped_filter_expired
            + self.dropped_fragment
            + self.dropped_flow_table
            + self.dropped_queue_full
            + self.dropped_no_session
            + self.dropped_device
            + self.dropped_send
    }

    pub(super) const fn count_drop(&mut self, cause: Drop) {
        let field = match cause {
            Drop::Malformed => &mut self.dropped_malformed,
            Drop::BadMac => &mut self.dropped_bad_mac,
            Drop::Unauthenticated => &mut self.dropped_unauthenticated,
            Drop::UnknownPeer => &mut self.dropped_unknown_peer,
            Drop::UnknownSession => &mut self.dropped_unknown_session,
            Drop::Replayed => &mut self.dropped_replayed,
            Drop::Expired => &mut self.dropped_expired,
            Drop::Source => &mut self.dropped_source,
            Drop::NoRoute => &mut self.dropped_no_route,
            Drop::NoEndpoint => &mut self.dropped_no_endpoint,
            Drop::Oversized => &mut self.dropped_oversized,
            Drop::Filter => &mut self.dropped_filter,
            Drop::Unsolicited => &mut self.dropped_unsolicited,
            Drop::FilterExpired => &mut self.dropped_filter_expired,
            Drop::Fragment => &mut self.dropped_fragment,
            Drop::FlowTable => &mut self.dropped_flow_table,
            Drop::QueueFull => &mut self.dropped_queue_full,
            Drop::NoSession => &mut self.dropped_no_session,
            Drop::Device => &mut self.dropped_device,
            Drop::Send => &mut self.dropped_send,
        };
        *field += 1;
    }
}

/// Why a packet went no further; each has its field in [`Counters`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Drop {
    Malformed,
    BadMac,
    Unauthenticated,
    UnknownPeer,
    UnknownSession,
    Replayed,
    Expired,
    Source,
    NoRoute,
    NoEndpoint,
    Oversized,
    Filter,
    Unsolicited,
    FilterExpired,
    Fragment,
    FlowTable,
    QueueFull,
    NoSession,
    Device,
    Send,
}
