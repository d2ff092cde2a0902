using System.Globalization;
using AnalogTorch.Core;

namespace AnalogTorch.Tests;

/// <summary>Draws samples; a pure function of the stream.</summary>
/// <param name="count">How many.</param>
/// <param name="rng">The stream.</param>
internal delegate float[] Sampler(int count, Rng rng);

/// <summary>Statistical tests that say beforehand what they detect, and work out the number of samples from it.</summary>
/// <remarks>
/// A right sampler fails with probability <see cref="FalseAlarm"/> (for one seed, once and for all); a sampler that is off by
/// <c>detect</c> passes with probability <see cref="Miss"/>. The environment variable ANALOGTORCH_SEED gives fresh seeds.
/// </remarks>
internal static class Stat
{
    /// <summary>Probability α that a right sampler fails.</summary>
    public const double FalseAlarm = 1e-6;

    /// <summary>Probability β that a wrong sampler passes.</summary>
    public const double Miss = 1e-3;

    private static readonly double Alarm = NormalDistribution.Quantile(1 - FalseAlarm / 2);
    private static readonly double Power = NormalDistribution.Quantile(1 - Miss);

    /// <summary>The seed of every statistical test of this run.</summary>
    public static long Seed { get; } =
        long.TryParse(Environment.GetEnvironmentVariable("ANALOGTORCH_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : 1;

    /// <summary>Tests the mean of a sampler.</summary>
    public static MeanTest Mean(Sampler sampler) => new(sampler);

    /// <summary>Tests the variance of a sampler.</summary>
    public static VarianceTest Variance(Sampler sampler) => new(sampler);

    /// <summary>Tests the whole distribution of a sampler.</summary>
    public static DistributionTest Distribution(Sampler sampler) => new(sampler);

    /// <summary>
    /// Fails unless samples have the mean and the standard deviation as expected, whose margins follow from the kurtosis that the samples show.
    /// </summary>
    /// <remarks>
    /// Of n samples, a mean that is off by 8·σ/√n and a variance that is off by 8·√((κ − 1)/n) pass with probability <see cref="Miss"/>.
    /// </remarks>
    /// <param name="samples">The samples.</param>
    /// <param name="expected">Mean and standard deviation.</param>
    /// <param name="rounding">What rounding may do to both.</param>
    /// <param name="what">What was sampled.</param>
    public static void Moments(IReadOnlyCollection<double> samples, Moments expected, double rounding, string what)
    {
        var mean = samples.Average();
        var variance = samples.Average(value => (value - mean) * (value - mean));
        var kurtosis = variance == 0 ? 1 : samples.Average(value => Math.Pow(value - mean, 4)) / (variance * variance);
        var squared = expected.Deviation * expected.Deviation;
        Check(mean, expected.Mean, Alarm * expected.Deviation / Math.Sqrt(samples.Count) + rounding, samples.Count, $"mean of {what}");
        Check(variance, squared, Alarm * squared * Math.Sqrt((kurtosis - 1) / samples.Count) + rounding * (rounding + 2 * expected.Deviation),
            samples.Count, $"variance of {what}");
    }

    /// <summary>Fails unless the mean of samples is as expected, whose margin follows from the deviation that the samples show.</summary>
    /// <inheritdoc cref="Moments"/>
    public static void Mean(IReadOnlyCollection<double> samples, double expected, double rounding, string what)
    {
        var mean = samples.Average();
        var deviation = Math.Sqrt(samples.Average(value => (value - mean) * (value - mean)));
        Check(mean, expected, Alarm * deviation / Math.Sqrt(samples.Count) + rounding, samples.Count, $"mean of {what}");
    }

    private static float[] Draw(Sampler sampler, double count, string stream)
    {
        var samples = sampler(checked((int)Math.Ceiling(count)), Rng.FromSeed(Seed).Split(stream));
        Assert.True(samples.Length >= count, $"The sampler must give {count} samples, but gave {samples.Length}.");
        return samples;
    }

    private static void Check(double measured, double expected, double margin, int count, string what) =>
        Assert.True(
            Math.Abs(measured - expected) <= margin,
            string.Create(CultureInfo.InvariantCulture, $"The {what} must be {expected:G6} ± {margin:G3}, but is {measured:G6} (n = {count}, α = {FalseAlarm}, seed {Seed})."));

    internal readonly struct MeanTest(Sampler sampler)
    {
        /// <summary>Fails unless the mean is as expected.</summary>
        /// <param name="expected">The mean.</param>
        /// <param name="std">Standard deviation of one sample.</param>
        /// <param name="detect">Deviation of the mean that the test must notice.</param>
        public void Is(double expected, double std, double detect)
        {
            var samples = Draw(sampler, SamplesFor(std, detect), "mean");
            Check(samples.Average(value => (double)value), expected, Alarm * std / Math.Sqrt(samples.Length), samples.Length, "mean");
        }

        /// <summary>n = ((z₁₋α/₂ + z₁₋β)·σ/δ)².</summary>
        public static double SamplesFor(double std, double detect) => Math.Pow((Alarm + Power) * std / detect, 2);
    }

    internal readonly struct VarianceTest(Sampler sampler)
    {
        /// <summary>Fails unless the variance is as expected.</summary>
        /// <param name="expected">The variance.</param>
        /// <param name="detect">Relative deviation of the variance that the test must notice.</param>
        /// <param name="kurtosis">Fourth standardised moment of the distribution; 3 if it is normal.</param>
        public void Is(double expected, double detect, double kurtosis = 3)
        {
            // The sample variance is asymptotically normal with variance σ⁴(κ − 1)/n.
            var spread = Math.Sqrt(kurtosis - 1);
            var samples = Draw(sampler, Math.Pow((Alarm + Power) * spread / detect, 2), "variance");
            var mean = samples.Average(value => (double)value);
            var variance = samples.Sum(value => (value - mean) * (value - mean)) / (samples.Length - 1);
            Check(variance, expected, Alarm * spread * expected / Math.Sqrt(samples.Length), samples.Length, "variance");
        }
    }

    internal readonly struct DistributionTest(Sampler sampler)
    {
        // Dvoretzky, Kiefer, Wolfowitz with Massart's constant: P(sup|F_n − F| > ε) ≤ 2·exp(−2nε²), whatever F is.
        private static readonly double AlarmDistance = Math.Sqrt(Math.Log(2 / FalseAlarm) / 2);
        private static readonly double MissDistance = Math.Sqrt(Math.Log(2 / Miss) / 2);

        /// <summary>Fails unless the distribution function is as expected.</summary>
        /// <param name="cumulative">The continuous distribution function.</param>
        /// <param name="detect">Largest distance between distribution functions that the test must notice.</param>
        public void Is(Func<double, double> cumulative, double detect)
        {
            var samples = Draw(sampler, SamplesFor(detect), "distribution").Order().ToArray();
            var distance = 0.0;
            for (var i = 0; i < samples.Length; i++)
            {
                var probability = cumulative(samples[i]);
                distance = Math.Max(distance, Math.Max(probability - (double)i / samples.Length, (i + 1.0) / samples.Length - probability));
            }
            Check(distance, 0, AlarmDistance / Math.Sqrt(samples.Length), samples.Length, "distance of the distribution functions");
        }

        /// <summary>Fails unless another sampler has the same distribution, continuous or not.</summary>
        /// <param name="other">The other sampler.</param>
        /// <param name="detect">Largest distance between distribution functions that the test must notice.</param>
        public void IsThatOf(Sampler other, double detect)
        {
            // For two samples of n ≥ 458 the same bound holds at n/2 (Wei, Dudley 2012).
            var count = 2 * SamplesFor(detect);
            var (a, b) = (Draw(sampler, count, "one").Order().ToArray(), Draw(other, count, "other").Order().ToArray());
            var distance = 0.0;
            for (int i = 0, j = 0; i < a.Length && j < b.Length;)
            {
                var value = Math.Min(a[i], b[j]);
                while (i < a.Length && a[i] == value)
                    i++;
                while (j < b.Length && b[j] == value)
                    j++;
                distance = Math.Max(distance, Math.Abs((double)i / a.Length - (double)j / b.Length));
            }
            Check(distance, 0, AlarmDistance * Math.Sqrt(2.0 / Math.Min(a.Length, b.Length)), a.Length, "distance of the two distribution functions");
        }

        private static double SamplesFor(double detect) => Math.Pow((AlarmDistance + MissDistance) / detect, 2);
    }
}
