using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Periphery;

/// <summary>Ranges of inputs against their definitions over plain numbers.</summary>
public class InputMeasureTests
{
    public static TheoryData<string> Measures => new(Catalog.Variants<InputMeasure>().Select(type => type.Name));

    [Theory]
    [MemberData(nameof(Measures))]
    public void RangesAreThoseOfTheirDefinition(string name)
    {
        using var scope = NewDisposeScope();
        var type = Catalog.Variants<InputMeasure>().Single(type => type.Name == name);
        foreach (var measure in new[] { (InputMeasure)Activator.CreateInstance(type)!, new InputDeviations { Deviations = 1.7 },
            new InputDeviations { Deviations = 40 }, new InputQuantile { Share = 0.9 } })
        {
            if (measure.GetType() != type)
                continue;
            var record = measure.Begin();
            Assert.Equal(0, record.Range);
            var batches = new List<double[]>();
            for (var batch = 0; batch < 3; batch++)
            {
                // Batches of different sizes and ranges, whose count is no multiple of any share.
                var x = Noise.Normal(Rng.FromSeed(Stat.Seed).Split(batch), [7 + batch, 29]) * (1f + batch);
                record.Add(x);
                batches.Add(Array.ConvertAll(Bench.Floats(x), value => (double)Math.Abs(value)));
                Assert.Equal(Range(measure, batches), record.Range, 1e-6 * record.Range);
            }
        }
    }

    private static double Range(InputMeasure measure, List<double[]> batches)
    {
        var all = batches.SelectMany(batch => batch).ToArray();
        return measure switch
        {
            LargestInput => all.Max(),
            InputDeviations some => Math.Min(some.Deviations * Math.Sqrt(all.Average(value => value * value)), all.Max()),
            // The least magnitude that at least the share of the batch does not exceed.
            InputQuantile share => batches.Average(batch =>
                batch.Order().First(value => batch.Count(other => other <= value) >= share.Share * batch.Length)),
            _ => throw new NotSupportedException($"Say here what the range of {measure.GetType().Name} is."),
        };
    }
}
