using AnalogTorch.Core;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Turns whole models analog, and back.</summary>
public static class ModelConversion
{
    /// <summary>Puts every layer that can be analog on tiles, in place.</summary>
    /// <remarks>
    /// With a <see cref="TileConfig"/> the weights are written into devices, and <c>AnalogSGD</c> trains them by pulses. With a
    /// <see cref="HardwareAwareConfig"/> the layers meet the hardware's noise while any torch optimizer trains them. The model stays the same object;
    /// its parameters keep their names, order, values (as far as devices can hold them), training mode and <c>requires_grad</c>.
    /// </remarks>
    /// <param name="model">Any torch module.</param>
    /// <param name="hardware">The hardware of layers that no rule is about.</param>
    /// <param name="seed">Seed of all devices and all noise.</param>
    /// <param name="rules">Layers on other hardware, or left digital; the first that fits a layer decides.</param>
    /// <returns>What became of every layer; its <c>ToString</c> is a table.</returns>
    /// <exception cref="InvalidOperationException">The model, or a part of it, is converted already, or calls a layer in a way that would bypass its tile.</exception>
    /// <exception cref="ArgumentException">No layer can be analog, a rule is about none, or weights cannot be written.</exception>
    public static ConversionReport ToAnalog(this nn.Module model, LayerHardware hardware, long seed = 0, params IReadOnlyList<LayerRule> rules)
    {
        ArgumentNullException.ThrowIfNull(hardware);
        ArgumentNullException.ThrowIfNull(rules);
        if (hardware is InferenceConfig || rules.Any(rule => rule.Hardware is InferenceConfig))
            throw new ArgumentException("Weights on an InferenceConfig are programmed once they are trained; use model.Program(...) in place of ToAnalog.");
        return Put(model, Plans(model, hardware, rules), Rng.FromSeed(seed));
    }

    /// <summary>Says what <see cref="ToAnalog"/> would do, and does nothing.</summary>
    /// <inheritdoc cref="ToAnalog"/>
    public static ConversionReport PlanAnalog(this nn.Module model, LayerHardware hardware, params IReadOnlyList<LayerRule> rules) => Report(Plans(model, hardware, rules));

    /// <summary>Makes every converted layer of a model digital again; the parameters keep the effective weights.</summary>
    /// <param name="model">A model that was converted.</param>
    /// <returns>Number of layers that were made digital.</returns>
    public static int ToDigital(this nn.Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var layers = AnalogLayer.Modules(model).Select(entry => AnalogLayer.Of(entry.Module)).OfType<TiledLayer>().ToArray();
        foreach (var layer in layers)
            layer.Close(); // all of them first, so that no pass of another thread finds some on tiles and some not
        foreach (var layer in layers)
            layer.Dispose();
        return layers.Length;
    }

    /// <summary>Programs every layer of a digital model that can be analog, with the same refusals as <see cref="ToAnalog"/>.</summary>
    internal static ConversionReport Program(nn.Module model, InferenceConfig hardware, long seed, IReadOnlyList<LayerRule> rules) =>
        Put(model, Plans(model, hardware, rules), Rng.FromSeed(seed).Split("chip"));

    private static ConversionReport Put(nn.Module model, Plan[] plans, Rng rng)
    {
        var analog = plans.Where(plan => plan.Hardware is not null).ToArray();
        try
        {
            foreach (var plan in analog)
                TiledLayer.Put(plan.Name, plan.Module, plan.Kind!, plan.Hardware!, rng.Split(plan.Path));
        }
        catch
        {
            foreach (var plan in analog)
                AnalogLayer.Of(plan.Module)?.Dispose();
            throw;
        }
        PassWatch.Begin(model, [.. analog.Select(plan => (plan.Name, plan.Module))]);
        PeriodWatch.Begin(model);
        return Report(plans);
    }

    private static Plan[] Plans(nn.Module model, LayerHardware hardware, IReadOnlyList<LayerRule> rules)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(hardware);
        ArgumentNullException.ThrowIfNull(rules);
        var plans = AnalogLayer.Modules(model).Select(entry => Plan.Of(entry.Name, entry.Module, hardware, rules)).ToArray();
        CheckAll(model, plans, rules); // before the first layer, so that a refusal changes nothing
        return plans;
    }

    private static void CheckAll(nn.Module model, Plan[] plans, IReadOnlyList<LayerRule> rules)
    {
        foreach (var plan in plans)
            if (AnalogLayer.Of(plan.Module) is { } layer)
                throw new InvalidOperationException($"{plan.Name} is already {layer.Tiles[0].Kind}; convert a model once, or make it digital first with model.ToDigital().");
        foreach (var rule in rules)
            if (!plans.Any(plan => plan.Kind is not null && rule.Fits(plan.Path, plan.Module)))
                throw new ArgumentException($"The rule for {rule} is about no layer of {LayerKind.NameOf(model)}; the layers that can be analog are {string.Join(", ", plans.Where(plan => plan.Kind is not null).Select(plan => plan.Name).Take(20))}.");
        if (!plans.Any(plan => plan.Hardware is not null))
            throw new ArgumentException($"{model.GetType().Name} has no layer that can become analog; ToAnalog converts Linear, Bilinear, convolution (transposed ones too), recurrent and attention layers that no rule leaves digital.");
        foreach (var plan in plans)
            (plan.Hardware is null ? null : plan.Kind)?.Check(plan.Name, plan.Module, plan.Hardware!);
        var matrices = plans.Where(plan => plan.Hardware is not null)
            .SelectMany(plan => plan.Kind!.Matrices(plan.Module).Select(matrix => (Name: AnalogLayer.Join(plan.Name, matrix.Suffix), Plan: plan, Matrix: matrix))).ToArray();
        var tied = matrices.GroupBy(entry => Place(entry.Matrix.Weight)).FirstOrDefault(group => group.Count() > 1);
        if (tied is not null)
            throw new ArgumentException($"{string.Join(" and ", tied.Select(entry => entry.Name))} share one weight, but an analog array belongs to one layer; use the same module in both places, untie them, or leave one digital with LayerRule.Digital.");
        foreach (var (name, plan, matrix) in matrices)
        {
            plan.Hardware!.Check(name, matrix.Weight, matrix.Bias);
            // Pulses would move what the other layer trains by gradients.
            if (plan.Hardware is TileConfig && plans.FirstOrDefault(other => other.Module != plan.Module && other.Hardware is null && Owns(other.Module, matrix.Weight)) is { } owner)
                throw new ArgumentException($"{name} and {owner.Name} share one weight, but {owner.Name} stays digital; untie them, or leave {plan.Name} digital with LayerRule.Digital(\"{plan.Path}\").");
        }
        ForwardCalls.Refuse([.. plans.Where(plan => plan.Hardware is not null).Select(plan => (plan.Path, plan.Module))], model);
    }

    private static bool Owns(nn.Module module, Parameter weight) => module.named_parameters(recurse: false).Any(entry => Place(entry.parameter) == Place(weight));

    /// <summary>What two parameters share that are one: their memory, since each may be an object of its own.</summary>
    private static nint Place(Tensor parameter) => AnalogLayer.AddressOf(parameter) is var address && address != 0 ? address : parameter.Handle;

    private static ConversionReport Report(Plan[] plans)
    {
        var rows = new List<ConversionRow>();
        foreach (var plan in plans)
        {
            if (plan.Hardware is not null)
            {
                var tiles = AnalogLayer.Of(plan.Module)?.Tiles;
                rows.AddRange(plan.Kind!.Matrices(plan.Module).Select((matrix, index) => Row(plan, matrix) with { Written = tiles?[index].Written }));
                continue;
            }
            var numbers = plan.Module.parameters(recurse: false).Sum(parameter => parameter.NumberOfElements);
            var matrices = DigitalReason.MatricesInBuffers(plan.Module).Sum(buffer => buffer.NumberOfElements);
            var products = DigitalReason.ProductsOf(plan.Module) is { } names ? $"its own code multiplies ({names})" : null;
            if (numbers + matrices > 0 || products is not null || LayerKind.Of(plan.Module) is not null)
            {
                var note = numbers > 0 || matrices == 0 && products is null ? plan.Note : matrices > 0 ? "digital: a matrix in a buffer" : null;
                note = note is null ? $"digital: {products}" : products is null ? note : $"{note}; {products}";
                rows.Add(new(plan.Name, LayerKind.NameOf(plan.Module), false, note, "", 0, 0, 0, 0)
                {
                    DigitalNumbers = numbers + matrices,
                });
            }
        }
        return new(rows);
    }

    private static ConversionRow Row(Plan plan, LayerMatrix matrix)
    {
        var hardware = plan.Hardware!;
        var (groups, outputs, inputs) = (matrix.Groups, matrix.Outputs / matrix.Groups, matrix.Inputs);
        var lines = inputs + (matrix.Bias is not null && hardware.PutsBiasInArray ? 1 : 0);
        var (grid, weights) = (TileGrid.Of(hardware.Size, lines, outputs, groups), groups * outputs * lines);
        return new(
            AnalogLayer.Join(plan.Name, matrix.Suffix), LayerKind.NameOf(plan.Module), true, hardware.Note + matrix.Note, groups == 1 ? $"{inputs} → {outputs}" : $"{groups} × ({inputs} → {outputs})",
            weights, (long)Math.Ceiling(weights * hardware.DevicesPerWeight(matrix.Outputs)), grid.Tiles, grid.Utilization)
        {
            SlowParts = [.. hardware.Paths.SelectMany(path => path.SlowParts).Select(part => part.GetType().Name).Distinct()],
            Layer = plan.Name,
            Remedy = hardware switch
            {
                TileConfig => "let conductances stand for more weight (TileConfig.Scaling, or the cell's siemens per weight), or take a cell of wider range",
                InferenceConfig => "take another InferenceConfig.Range, such as OutputMaximum, or better programming",
                _ => "take a wider HardwareAwareConfig.Clip",
            },
        };
    }

    /// <summary>What is to become of a module.</summary>
    /// <param name="Path">Its name in the model, empty for the model itself.</param>
    /// <param name="Module">The module.</param>
    /// <param name="Kind">What kind of layer it is; null if it cannot be analog.</param>
    /// <param name="Hardware">The hardware; null if it stays digital.</param>
    /// <param name="Note">Why it stays digital.</param>
    private sealed record Plan(string Path, nn.Module Module, LayerKind? Kind, LayerHardware? Hardware, string Note)
    {
        public string Name => Path.Length == 0 ? LayerKind.NameOf(Module) : Path;

        public static Plan Of(string path, nn.Module module, LayerHardware hardware, IReadOnlyList<LayerRule> rules)
        {
            var rule = rules.FirstOrDefault(rule => rule.Fits(path, module));
            var kind = LayerRule.KindOf(rule, module);
            if (kind is null)
                return new(path, module, null, null, DigitalReason.Of(module));
            if (rule?.Kind is null && kind.Matrices(module).Any(matrix => matrix.Weight.NumberOfElements == 0))
                return new(path, module, kind, null, "digital: a matrix without weights");
            return rule is { Hardware: null } ? new(path, module, kind, null, $"left digital by the rule for {rule}") : new(path, module, kind, rule?.Hardware ?? hardware, "");
        }
    }
}
