using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

// Examples that wait, as gradients: what clipping and other code does to those is done to the examples.
public sealed partial class AnalogTile
{
    private long probes;

    /// <summary>Whether examples wait whose gradients torch was not given.</summary>
    internal bool HidesGradients => pending.Exists(example => !example.IsShown);

    /// <summary>Whether examples wait from which both the weights and a bias in the array learn.</summary>
    internal bool LearnsTogether => pending.Exists(example => example.LearnsWeights && example.LearnsBias && HasAnalogBias);

    /// <summary>Multiplies the gradients of all examples that wait.</summary>
    internal void ScalePending(double factor)
    {
        foreach (var example in pending)
            example.Factor *= factor;
    }

    /// <summary>The gradients of the examples that wait and that torch was not given, by the weights [outputs, inputs] and a bias in the array [outputs]; null for none.</summary>
    internal (Tensor? Weight, Tensor? Bias) PendingGradients()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor? weight = null, bias = null;
        foreach (var example in pending.Where(example => !example.IsShown))
        {
            var (ofWeight, ofBias) = example.Gradients(Outputs, Inputs, Groups);
            if (example.LearnsWeights)
                weight = (weight is null ? zeros_like(ofWeight) : weight).add_(ofWeight, alpha: (float)example.Factor);
            if (example.LearnsBias && HasAnalogBias)
                bias = (bias is null ? zeros_like(ofBias) : bias).add_(ofBias, alpha: (float)example.Factor);
        }
        return (weight?.MoveToOuterDisposeScope(), bias?.MoveToOuterDisposeScope());
    }

    /// <summary>Finds out by how much the gradients that torch was given were multiplied since, example by example.</summary>
    /// <param name="weightGradient">What torch holds as the gradient of the weights [outputs, …]; null if nothing.</param>
    /// <param name="biasGradient">What torch holds as the gradient of a bias in the array [outputs]; null if nothing.</param>
    /// <exception cref="InvalidOperationException">The gradients are no sum of multiples of those of the examples.</exception>
    internal void Reconcile(Tensor? weightGradient, Tensor? biasGradient)
    {
        if (weightGradient is null && biasGradient is null && !pending.Exists(example => example.IsShown))
            return;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var shown = pending.Where(example => example.IsShown).ToArray();
        var ofWeights = shown.Where(example => example.LearnsWeights).ToArray();
        var ofBias = shown.Where(example => example.LearnsBias && HasAnalogBias).ToArray();
        var byWeights = new Dictionary<PendingExample, double>();
        if (ofWeights.Length > 0 || weightGradient is not null)
        {
            var probe = Noise.Uniform(Stream.Split("probe").Split(probes++), [Inputs], cells.Weights.device).add_(0.5f);
            var held = (weightGradient is null ? null : Matrix(weightGradient.detach()))?.to_type(ScalarType.Float64).mv(probe.to_type(ScalarType.Float64));
            var parts = ofWeights.Select(example => example.Project(probe, Outputs, Groups)).ToArray();
            var factors = GradientFactors.Find(held, parts) ?? throw Unlike("weights");
            for (var i = 0; i < ofWeights.Length; i++)
                if (parts[i].Scale > 0 || held is null) // inputs of nothing say nothing
                    byWeights[ofWeights[i]] = factors[i];
        }
        if (ofBias.Length > 0 || biasGradient is not null)
        {
            var parts = ofBias.Select(Sum).ToArray();
            var factors = GradientFactors.Find(biasGradient?.detach().to_type(ScalarType.Float64), parts) ?? throw Unlike("bias");
            for (var i = 0; i < ofBias.Length; i++)
            {
                if (byWeights.TryAdd(ofBias[i], factors[i]) || parts[i].Scale == 0)
                    continue;
                if (Math.Abs(byWeights[ofBias[i]] - factors[i]) > 1e-3 * Math.Max(1, Math.Abs(factors[i])))
                    throw new InvalidOperationException($"{Name}: the gradients of its weights and its bias were multiplied by different factors, but both are moved by the same pulse trains; scale both alike, or put the bias beside the array with TileConfig.Bias = new DigitalBias().");
            }
        }
        foreach (var (example, factor) in byWeights)
            example.Factor *= factor;

        static (Tensor Values, double Scale) Sum(PendingExample example)
        {
            var (weight, bias) = example.Gradients(1, 1, 1);
            weight.Dispose();
            return (bias.to_type(ScalarType.Float64), example.SumOfErrors());
        }
    }

    private InvalidOperationException Unlike(string role) =>
        new($"{Name}: the gradient of its {role} was changed otherwise than by factors, or the layer was bypassed; it is in analog memory, whose pulses are made from inputs and errors: scale whole gradients (clip_grad_norm_, a factor on the loss), run the layer by call(x), or leave it digital.");
}
