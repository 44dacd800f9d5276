//! The program.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

// All that it does is in the library, which the tests use and which is compiled on all cores.
fn main() -> ExitCode {
    use_small_pages();
    liaison::cli::run()
}

/// The allocator asks for huge pages, with which the server takes a quarter more memory and answers nothing sooner.
fn use_small_pages() {
    // Where that cannot be had, it takes more.
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_thp_disable(true);
}
