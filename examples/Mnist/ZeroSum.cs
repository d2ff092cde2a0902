using AnalogTorch.Cells;
using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Mnist;

/// <summary>What a mismatched cell does when it is told to do nothing: as many upward as downward pulses in every transfer interval.</summary>
internal static class ZeroSum
{
    private const int Cells = 64, Pulses = 1000;

    /// <summary>Root mean square change of the weight (S) after each of so many intervals.</summary>
    /// <param name="polarity">The polarity from interval to interval.</param>
    /// <param name="intervals">Number of intervals.</param>
    /// <param name="seed">Seed of the cells and of the order of the pulses.</param>
    public static double[] Drift(Polarity polarity, int intervals, long seed)
    {
        using var scope = NewDisposeScope();
        var cell = new MspLspCell
        {
            Polarity = polarity,
            Capacitor = new GatedCapacitor { Leakage = new NoLeakage() },
            Writer = new IdealWriter(),
            TransferEvery = Pulses,
        };
        var weights = zeros(Cells, Cells);
        var rng = Rng.FromSeed(seed);
        using var array = cell.Build(rng.Split("cells"), weights);
        array.Write(zeros(Cells, Cells));
        var start = weights.clone();
        var drift = new double[intervals];
        for (var interval = 0; interval < intervals; interval++)
        {
            // Every input has one slot in every sample; each output has it with either sign, equally often, in random order.
            var order = Noise.Uniform(rng.Split("order").Split(interval), [Pulses, Cells]).argsort(0);
            var inputs = ones([Pulses, Cells], ScalarType.Int32);
            var outputs = where(order < Pulses / 2, tensor(1), tensor(1 | int.MinValue)).to(ScalarType.Int32);
            array.Update(new TrainPair(inputs, Cells, outputs, Cells, Pulses));
            drift[interval] = (weights - start).square().mean().sqrt().item<float>() * cell.SiemensPerWeight;
        }
        return drift;
    }
}
