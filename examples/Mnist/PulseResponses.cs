using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Mnist;

/// <summary>What a read sees of single devices while they are pulsed.</summary>
internal static class PulseResponses
{
    /// <summary>Responses of a few devices to a run of upward and a run of downward pulses.</summary>
    /// <param name="device">The device; its value in SI.</param>
    /// <param name="up">Number of upward pulses.</param>
    /// <param name="down">Number of downward pulses.</param>
    /// <param name="count">Number of devices.</param>
    /// <param name="seed">Seed of the devices and their noise.</param>
    public static IReadOnlyList<Curve> Of(PulsedDevice device, int up, int down, int count, long seed)
    {
        using var scope = NewDisposeScope();
        var rng = Rng.FromSeed(seed);
        using var state = new TensorStore();
        var array = new DeviceArray(device, "device", state, rng, [1, count], CPU);
        var target = new PulseTarget { Planes = array.Planes, Weights = zeros(1, count) };
        var engine = Engines.For(CPU);
        var seen = new List<float[]>();
        device.Accept(engine.Read(target, rng));
        for (var pulse = 0; pulse <= up + down; pulse++)
        {
            seen.Add(target.Weights.data<float>().ToArray());
            device.Accept(engine.Pulse(target, full([1, count], pulse < up ? 1 : -1, ScalarType.Int32), rng.Split(pulse)));
        }
        double[] numbers = [.. Enumerable.Range(0, seen.Count).Select(pulse => (double)pulse)];
        return [.. Enumerable.Range(0, count).Select(i => new Curve($"device {i + 1}", numbers, [.. seen.Select(values => values[i] / Units.uS)]))];
    }
}
