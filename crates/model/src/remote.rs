//! Training on another machine's device: that machine serves it, this one connects to it over a WebSocket (burn-remote).
//!
//! Every tensor operation goes over the network, in the clear: for a network one trusts. A token keeps strangers out, and
//! without one [`serve`] should listen on this machine alone (an SSH tunnel brings it elsewhere).

use std::net::TcpListener;

use crate::backend::{Backend, BackendError, Compute};

/// A device of the machine that serves at `address`, like `ws://gpu-host:3000`; an empty token is none.
///
/// # Errors
/// If this build lacks the backend, nothing serves there, it wants another token, or it has no such device.
pub fn connect(address: &str, token: &str, index: usize) -> Result<Compute, BackendError> {
    if address.is_empty() {
        return Err(BackendError::NoAddress);
    }
    #[cfg(feature = "remote")]
    {
        use burn::tensor::Device;
        use burn::tensor::remote::RemoteHost;

        let failed = |why: String| BackendError::Unreachable { address: address.to_owned(), why };
        if !(address.starts_with("ws://") || address.starts_with("wss://")) {
            return Err(failed("an address starts with ws://".to_owned()));
        }
        let host = RemoteHost::websocket(address);
        let host = if token.is_empty() { host } else { host.with_credential(token) };
        let device = Device::remote_options(&host).device_index(index).init();
        device.map(Compute::composed_on).map_err(|error| failed(error.to_string()))
    }
    #[cfg(not(feature = "remote"))]
    {
        let _ = (token, index);
        Err(BackendError::NotCompiled { name: Backend::Remote, compiled: Backend::compiled() })
    }
}

/// Serves all devices of a backend on a bound listener until the process is told to stop; an empty token lets everyone in.
///
/// # Errors
/// If this build lacks the backend or serving, the backend has no device, or the listener fails.
pub fn serve(backend: Backend, listener: TcpListener, token: &str) -> Result<(), BackendError> {
    backend.open(0)?;
    #[cfg(feature = "remote")]
    {
        use burn::server::{RemoteServer, TokenAuthorizer, WebSocketTransport};

        let failed = |error: &dyn std::fmt::Display| BackendError::NotServed { why: error.to_string() };
        let server = RemoteServer::new(backend.devices());
        let server = if token.is_empty() {
            server
        } else {
            server.with_authorizer(TokenAuthorizer::new(token).map_err(|error| failed(&error))?)
        };
        server.serve(WebSocketTransport::from_listener(listener)).map_err(|error| failed(&error))
    }
    #[cfg(not(feature = "remote"))]
    {
        let _ = (listener, token);
        Err(BackendError::NotCompiled { name: Backend::Remote, compiled: Backend::compiled() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_reached_is_said() {
        assert_eq!(connect("", "", 0).unwrap_err(), BackendError::NoAddress);
        // Port 9 is for discarding: nothing serves there.
        let refused = connect("ws://127.0.0.1:9", "", 0).unwrap_err().to_string();
        let expected = if Backend::Remote.is_compiled() { "ws://127.0.0.1:9" } else { "--features remote" };
        assert!(refused.contains(expected), "{refused}");
    }
}
