//! Who may reach what through the tunnel: the only part that protects.
//!
//! A rule permits sources to open flows to destinations. It is asked about packets that come from peers; a packet that
//! goes to a peer passes only as part of a flow that the filter permitted. What cannot be judged does not pass:
//! - A later fragment carries no ports, so it passes only behind its first fragment, which was judged as a whole packet
//!   is; a fragment that overtakes its first one is lost. A first fragment must hold the complete transport header, and
//!   no later one may overwrite it (RFC 1858).
//! - A packet that is routed elsewhere than its destination says (source routes, routing headers) is refused.
//! - Of ICMP, echo opens a flow, and an error passes when it is about a packet of a permitted flow and goes to that
//!   packet's sender. Redirects and everything else are refused.

mod classify;
mod flows;
mod judge;
mod model;
mod rules;

pub(super) use judge::FlowFilter;
pub use model::{Filter, FilterRule};
