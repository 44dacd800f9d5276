//! The `liaison` program.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

// Everything is in the library, which the tests use and which is compiled on all cores.
fn main() -> ExitCode {
    use_small_pages();
    liaison::cli::run()
}

/// The allocator asks for huge pages. With them the server uses a quarter more memory and is no faster.
fn use_small_pages() {
    // If this fails, the server only uses more memory.
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_thp_disable(true);
}
