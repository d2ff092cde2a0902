using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using CsCheck;
using static TorchSharp.torch;

namespace AnalogTorch.Laws;

/// <summary>What holds for every map of weights onto devices.</summary>
public static class WeightMapLaws
{
    /// <summary>Conductances as programmed without any error give the weights back, whatever the map's parameters and the range of the devices.</summary>
    public static void MapsGoThereAndBack(WeightMap tried) =>
        Gen.Select(RandomConfig.Of(tried.GetType()), Gen.Double[0, 5e-6], Gen.Double[1e-6, 50e-6], Gen.ULong).Sample((config, min, swing, key) =>
        {
            using var scope = NewDisposeScope();
            var map = (WeightMap)config;
            if (map is ICrossChecked members && Contradicts(members))
                map = tried; // members that contradict each other are refused
            var range = (min, min + swing);
            var weights = cat([Noise.Uniform(new Rng(key), [6, 9]) * 2 - 1, tensor(new float[] { 0, 1, -1, 0.5f, -0.25f, 1e-3f }).unsqueeze(1)], 1);
            var targets = map.Targets(weights, range);
            Assert.Equal(map.Significances.Count, targets.Length);
            foreach (var target in targets)
            {
                Assert.Equal(weights.shape[1], target.shape[1]);
                Assert.InRange(target.min().item<float>(), range.min - 1e-6 * range.Item2, double.MaxValue);
                Assert.InRange(target.max().item<float>(), 0, range.Item2 * (1 + 1e-6));
            }
            var back = map.Weights(targets, map.Span(range));
            // Targets, products and each addition are rounded to 2^-24 of what the devices add up to at most.
            var rounding = (4 + targets.Length) * map.Significances.Sum(Math.Abs) * range.Item2 / map.Span(range) * Math.Pow(2, -24);
            Assert.True((back - weights).abs().max().item<float>() <= rounding, $"{map}: {(back - weights).abs().max().item<float>()} over {rounding}");
        }, iter: 50, threads: 1);

    public static void DevicesAreCounted(WeightMap tried)
    {
        using var scope = NewDisposeScope();
        var map = tried;
        var devices = tried.Targets(zeros(12, 7), (0, 1e-6)).Sum(target => target.NumberOfElements);
        Assert.Equal(devices, tried.DevicesPerWeight(12) * 12 * 7, 9);
    }

    private static bool Contradicts(ICrossChecked members)
    {
        try
        {
            members.Check();
            return false;
        }
        catch (ArgumentException)
        {
            return true;
        }
    }
}
