//! Builds the device twice: into every program that links this package, and as a module that SoapySDR loads itself.

fn main() {
    #[cfg(feature = "device")]
    device::build();
}

#[cfg(feature = "device")]
mod device {
    use std::path::PathBuf;
    use std::{env, fs};

    pub(super) fn build() {
        println!("cargo:rerun-if-changed=src/loop.cpp");
        let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
        let mut cpp = cc::Build::new();
        cpp.cpp(true).std("c++14").warnings(true).extra_warnings(true).file("src/loop.cpp");

        // The registration is a static object that nothing refers to: the linker must keep the whole archive.
        cpp.clone().link_lib_modifier("+whole-archive").compile("castbench_soapy_loop");

        let modules = out.join("modules");
        fs::create_dir_all(&modules).expect("OUT_DIR is writable");
        let objects = cpp.clone().pic(true).compile_intermediates();
        let status = cpp
            .get_compiler()
            .to_command()
            .arg("-shared")
            .args(objects)
            .args(["-lSoapySDR", "-o"])
            .arg(modules.join("libcastbenchLoopSupport.so"))
            .status();
        assert!(status.is_ok_and(|s| s.success()), "the SoapySDR module could not be linked; see the lines above");
        println!("cargo:rustc-env=SOAPY_LOOP_MODULES={}", modules.display());
    }
}
