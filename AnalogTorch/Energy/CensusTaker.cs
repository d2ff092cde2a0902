using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module;

namespace AnalogTorch.Energy;

/// <summary>Counts what a model does, by watching it.</summary>
public static class CensusTaker
{
    /// <summary>Runs a model on a sample, counts, and measures what the sample drives; see <see cref="TakeCensus(Module, long, Action)"/>.</summary>
    /// <param name="model">The model; run in evaluation mode, without gradients.</param>
    /// <param name="sample">Its input; the first dimension is that of the samples.</param>
    /// <exception cref="ArgumentException">The model cannot take the sample.</exception>
    public static Census TakeCensus(this nn.Module<Tensor, Tensor> model, Tensor sample)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(sample);
        return OfSample(model, sample, null, []);
    }

    /// <summary>The same for a digital model as it would be on hardware: matrix by matrix as <see cref="ModelConversion.PlanAnalog"/> has them.</summary>
    /// <param name="model">A model without tiles; it stays as it is.</param>
    /// <param name="sample">Its input; the first dimension is that of the samples.</param>
    /// <param name="plan">The hardware of layers that no rule is about.</param>
    /// <param name="rules">Layers on other hardware, or left digital; the first that fits a layer decides.</param>
    /// <exception cref="ArgumentException">The model cannot take the sample, or a rule is about no layer.</exception>
    /// <exception cref="InvalidOperationException">The model is on tiles already.</exception>
    public static Census TakeCensus(this nn.Module<Tensor, Tensor> model, Tensor sample, LayerHardware plan, params IReadOnlyList<LayerRule> rules)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(sample);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(rules);
        return OfSample(model, sample, plan, rules);
    }

    /// <summary>Counts what a model does with samples of a shape, whatever they hold: costs are those of the nominal activity of a cost model.</summary>
    /// <param name="model">The model; run in evaluation mode, without gradients, on zeros.</param>
    /// <param name="shape">Shape of its input; the first dimension is that of the samples.</param>
    /// <param name="dtype">Type of its input; Int64 for a model that takes tokens.</param>
    /// <exception cref="ArgumentException">The model cannot take inputs of the shape.</exception>
    public static Census TakeCensus(this nn.Module<Tensor, Tensor> model, long[] shape, ScalarType dtype = ScalarType.Float32)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(shape);
        if (shape.Any(size => size < 0))
            throw new ArgumentException($"TakeCensus needs a shape without negative sizes, but got {InputShape.Text(shape)}.", nameof(shape));
        var device = model.parameters().FirstOrDefault()?.device ?? CPU;
        using var sample = zeros(shape, dtype, device);
        return model.TakeCensus(sample).AtNominalActivity();
    }

    /// <summary>Counts what a model does while something runs: a forward call, whole training steps, an epoch.</summary>
    /// <remarks>
    /// <para>
    /// Reads are counted by hooks, from the real inputs and outputs; pulses by the counters of the simulated cells. A layer on tiles is counted tile by tile,
    /// as its plan has them: the same weights, devices and tiles. A model without tiles is counted as if all its layers that can be were on arrays as a
    /// design would build them (<see cref="Census.IsOfDesign"/>); in one with tiles, the other layers are digital.
    /// </para>
    /// <para>
    /// What drives the lines is measured at every read: at tiles in the range of their converters, from both sides; for a model without tiles from the input
    /// side, each sample in the range of its largest input. A recurrent layer without tiles runs twice for it.
    /// </para>
    /// <para>
    /// A read from the output side is counted for each read whose input wants a gradient. Reads that a saturated converter repeats are not counted. Products
    /// that a model's own code takes (<c>matmul</c>, <c>einsum</c>, attention scores) are counted by their function where the build step of this library led
    /// them. What else it works out between its modules, such as the sum of a shortcut, is not seen, nor is what embeddings look up.
    /// </para>
    /// </remarks>
    /// <param name="model">The model.</param>
    /// <param name="samples">Samples of the pass, by which figures per inference are divided.</param>
    /// <param name="pass">What runs.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no sample.</exception>
    /// <exception cref="ArgumentException">A layer cannot take what the pass gives it, or torch refuses something else in the pass.</exception>
    /// <exception cref="InvalidOperationException">Code of the model runs a layer in a way that cannot be seen.</exception>
    public static Census TakeCensus(this Module model, long samples, Action pass)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(pass);
        if (samples < 1)
            throw new ArgumentOutOfRangeException(nameof(samples), $"TakeCensus needs one sample or more, but got {samples}.");
        return Take(model, samples, pass, "", null, []);
    }

    /// <summary>The same for a digital model as it would be on hardware, matrix by matrix as <see cref="ModelConversion.PlanAnalog"/> has them.</summary>
    /// <param name="model">A model without tiles; it stays as it is.</param>
    /// <param name="samples">Samples of the pass, by which figures per inference are divided.</param>
    /// <param name="pass">What runs.</param>
    /// <param name="plan">The hardware of layers that no rule is about.</param>
    /// <param name="rules">Layers on other hardware, or left digital; the first that fits a layer decides.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no sample.</exception>
    /// <exception cref="ArgumentException">A layer cannot take what the pass gives it, or a rule is about no layer.</exception>
    /// <exception cref="InvalidOperationException">The model is on tiles already.</exception>
    public static Census TakeCensus(this Module model, long samples, Action pass, LayerHardware plan, params IReadOnlyList<LayerRule> rules)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(pass);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(rules);
        if (samples < 1)
            throw new ArgumentOutOfRangeException(nameof(samples), $"TakeCensus needs one sample or more, but got {samples}.");
        return Take(model, samples, pass, "", plan, rules);
    }

    private static Census OfSample(nn.Module<Tensor, Tensor> model, Tensor sample, LayerHardware? plan, IReadOnlyList<LayerRule> rules)
    {
        if (sample.dim() == 0 || sample.shape[0] < 1)
        {
            throw new ArgumentException(
                $"TakeCensus needs one sample or more along the first dimension, but got a tensor {InputShape.Text(sample.shape)}.", nameof(sample));
        }
        var before = model.modules().Prepend(model).Select(module => (Module: module, module.training)).ToArray();
        try
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            model.eval();
            return Take(model, sample.shape[0], () => model.call(sample), $", in a sample {InputShape.Text(sample.shape)}", plan, rules);
        }
        finally
        {
            foreach (var (module, training) in before)
                module.train(training);
        }
    }

    private static Census Take(Module model, long samples, Action pass, string given, LayerHardware? hardware, IReadOnlyList<LayerRule> rules)
    {
        if (hardware is not null)
            model.PlanAnalog(hardware, rules); // refuses what cannot be planned
        var modules = AnalogLayer.Modules(model).Where(entry => !entry.Name.Split('.').Contains(AnalogLayer.StateName)).ToArray();
        var plan = new DigitalPlan(hardware is null && !modules.Any(entry => AnalogLayer.Of(entry.Module) is not null), hardware, rules);
        var run = new WatchedPass(model, given);
        var watched = new List<WatchedLayer>();
        var products = new SortedDictionary<string, long>(StringComparer.Ordinal);
        try
        {
            foreach (var (name, module) in modules)
                if (WatchedLayer.Of(name, module, plan, run) is { } one)
                    watched.Add(one);
            using (ProductWatch.Begin((function, count) => products[function] = products.GetValueOrDefault(function) + count))
                run.Run(pass);
            foreach (var (_, layer, module, how) in ForwardCalls.Suspects([.. modules.Where(entry => LayerKind.Of(entry.Module) is not null)], model))
                if (watched.Any(one => one.Module == module && !one.WasSeen))
                    throw new InvalidOperationException($"{layer} was not seen in this pass: {how}, past whoever counts; run it by call(...), or let the build lead such calls ({ForwardCalls.BuildStep}).");
        }
        finally
        {
            foreach (var one in watched)
                one.Dispose();
        }
        return new([.. watched.SelectMany(one => one.Layers()), .. products.Select(OfProduct)], samples)
        {
            NotCounted =
            [
                .. modules.Where(entry => !watched.Exists(one => one.Module == entry.Module)).Select(entry => (entry.Name, entry.Module, Names: DigitalReason.UnseenProductsOf(entry.Module)))
                    .Where(entry => entry.Names is not null)
                    .Select(entry => $"{(entry.Name.Length == 0 ? LayerKind.NameOf(entry.Module) : entry.Name)} ({entry.Names})"),
            ],
        };
    }

    /// <summary>Products of one function that the model's own code took.</summary>
    private static CensusLayer OfProduct(KeyValuePair<string, long> product) =>
        new() { Name = product.Key, Kind = "in the model's code", DigitalMultiplyAccumulates = product.Value };
}
