//! `serve`: this machine's devices, for runs elsewhere that name the backend `remote`.

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use infoplane_experiments::config::token;
use infoplane_experiments::exit::exit;
use infoplane_experiments::terminal::tell;
use infoplane_model::{Backend, remote};

/// Serves the devices of a backend, for `--backend remote --address ws://HOST:PORT` on another machine.
///
/// Tensors travel in the clear: serve on a network you trust, or through an SSH tunnel. Beyond this machine it wants a token,
/// which both sides read from INFOPLANE_TOKEN. Ctrl-C ends it.
#[derive(Debug, Parser)]
#[command(name = "serve", version)]
struct Cli {
    /// Whose devices: flex, ndarray, wgpu or cuda
    #[arg(long, default_value = "flex")]
    backend: String,
    /// Where to listen; port 0 takes a free one, 0.0.0.0 every network this machine is on
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
}

fn main() -> ExitCode {
    exit("serve", || serve(&Cli::parse()))
}

fn serve(cli: &Cli) -> Result<()> {
    let Some(backend) = Backend::ALL.into_iter().find(|backend| backend.to_string() == cli.backend) else {
        bail!("`{}` is no backend; this build has {}", cli.backend, Backend::compiled());
    };
    ensure!(
        cli.listen.ip().is_loopback() || !token().is_empty(),
        "{} can be reached from other machines, and without a token anyone there could compute here: set INFOPLANE_TOKEN, or \
         listen on 127.0.0.1 and bring it elsewhere by an SSH tunnel",
        cli.listen
    );
    ensure!(
        Backend::Remote.is_compiled(),
        "this build cannot serve; build it with `--features remote`, as `just serve` does"
    );
    let listener = TcpListener::bind(cli.listen).with_context(|| format!("cannot listen on {}", cli.listen))?;
    tell!("serving {backend} at ws://{}", listener.local_addr()?);
    Ok(remote::serve(backend, listener, &token())?)
}
