using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace AnalogTorch;

/// <summary>Finds out whether torch's own convolutions are right on this processor, and takes another path of torch's where they are not.</summary>
/// <remarks>
/// The oneDNN 3.7.1 of libtorch 2.10.0 compiles kernels for the processor it finds, and on some (seen: AMD family 26 with AVX-512 under a hypervisor) those for
/// numbers of channels that do not fill a register give wrong sums, without a word. A handful of small convolutions is compared with the same in double, which
/// takes no such kernels. Where they differ, oneDNN is switched off, as <c>torch.backends.mkldnn.enabled = False</c> does in Python.
/// </remarks>
public static unsafe class TorchSelfCheck
{
    private const string OneDnn = "setUserEnabledMkldnn", Nnpack = "setUserEnabledNNPACK";

    private static readonly Lazy<string?> Finding = new(Check);

    /// <summary>Checks once a process; further calls cost nothing.</summary>
    /// <returns>What was found and done, in a sentence; null where torch is right.</returns>
    /// <exception cref="InvalidOperationException">Torch's convolutions are wrong, and there is no way to switch to others.</exception>
    public static string? Run() => Finding.Value;

    private static string? Check()
    {
        using (zeros(1))
        {
            // Torch is loaded from here on, so that its settings are found.
        }
        var hasNnpack = Switch(Nnpack, isOn: false); // which tries every time, and complains, where its processor is none it knows
        var error = LargestError();
        if (error < 1e-3)
        {
            if (hasNnpack)
                Switch(Nnpack, isOn: true);
            return null;
        }
        var how = double.IsNaN(error) ? "gives what is not a number" : string.Create(CultureInfo.InvariantCulture, $"is off by {error:P0}");
        var wrong = $"Convolutions of this torch are wrong on this processor: a small one {how}.";
        if (!Switch(OneDnn, isOn: false) || !(LargestError() < 1e-3))
            throw new InvalidOperationException($"{wrong} Set the environment variable ONEDNN_MAX_CPU_ISA=SSE41 before the program starts.");
        var done = $"{wrong} Its oneDNN kernels are switched off, and slower ones of torch's, which are right, take their place.";
        Trace.TraceWarning(done);
        return done;
    }

    /// <summary>The largest error of small convolutions and their gradients, relative to the largest value.</summary>
    private static double LargestError()
    {
        using var scope = NewDisposeScope();
        using var grad = enable_grad();
        var worst = 0.0;
        foreach (var (inputs, outputs, kernel) in new[] { (10, 20, 5), (3, 5, 3) })
        {
            var (x, weight) = (Values(2, inputs, 12, 12), Values(outputs, inputs, kernel, kernel));
            var exact = Run(x.to_type(ScalarType.Float64), weight.to_type(ScalarType.Float64));
            var seen = Run(x, weight);
            foreach (var (wanted, given) in exact.Zip(seen))
                worst = Math.Max(worst, ((given.to_type(ScalarType.Float64) - wanted).abs().max() / wanted.abs().max()).item<double>());
        }
        return worst;

        static Tensor Values(params long[] shape) => arange(shape.Aggregate(1L, (product, size) => product * size)).to_type(ScalarType.Float32).mul_(0.7f).sin_().view(shape);

        static Tensor[] Run(Tensor x, Tensor weight)
        {
            (x, weight) = (x.detach().requires_grad_(true), weight.detach().requires_grad_(true));
            var y = nn.functional.conv2d(x, weight);
            var gradients = autograd.grad([y], [x, weight], [y.detach().sin()]);
            return [y.detach(), .. gradients, nn.functional.conv_transpose2d(y.detach(), weight.detach())];
        }
    }

    /// <summary>Switches one of torch's ways to convolve on or off, as its own settings do.</summary>
    /// <returns>Whether it could be done.</returns>
    private static bool Switch(string setter, bool isOn)
    {
        var library = OperatingSystem.IsWindows() ? "torch_cpu.dll" : OperatingSystem.IsMacOS() ? "libtorch_cpu.dylib" : "libtorch_cpu.so";
        var (global, set) = OperatingSystem.IsWindows()
            ? ("?globalContext@at@@YAAEAVContext@1@XZ", $"?{setter}@Context@at@@QEAAX_N@Z")
            : ("_ZN2at13globalContextEv", $"_ZN2at7Context{setter.Length}{setter}Eb");
        if (!NativeLibrary.TryLoad(library, out var torch) || !NativeLibrary.TryGetExport(torch, global, out var context) || !NativeLibrary.TryGetExport(torch, set, out var change))
            return false;
        ((delegate* unmanaged<nint, byte, void>)change)(((delegate* unmanaged<nint>)context)(), isOn ? (byte)1 : (byte)0);
        return true;
    }
}
