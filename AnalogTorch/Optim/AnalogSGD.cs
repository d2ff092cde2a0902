using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace AnalogTorch.Optim;

/// <summary>Stochastic gradient descent by pulses on analog weights, and in the usual way on digital ones.</summary>
/// <remarks>
/// The analog update is open loop: the mean weight change of a step is −lr·δ·xᵀ, one pulse at a time, and nothing remembers a
/// gradient. Momentum and weight decay would need that memory and a read of the weights, so they are refused for analog weights
/// and work as in torch's SGD for digital ones.
/// </remarks>
public sealed class AnalogSGD : OptimizerHelper, IMomentum
{
    /// <summary>An optimizer with one group of parameters.</summary>
    /// <param name="parameters">Parameters, analog and digital alike.</param>
    /// <param name="lr">Learning rate.</param>
    /// <param name="momentum">Momentum of digital parameters.</param>
    /// <param name="weight_decay">Weight decay of digital parameters.</param>
    public AnalogSGD(IEnumerable<Parameter> parameters, double lr, double momentum = 0, double weight_decay = 0)
        : this([new ParamGroup { Parameters = [.. parameters] }], lr, momentum, weight_decay)
    {
    }

    /// <summary>An optimizer with several groups, each with learning rate, momentum and weight decay of its own if it wants.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="lr">Learning rate of groups without one.</param>
    /// <param name="momentum">Momentum of digital parameters in groups without one.</param>
    /// <param name="weight_decay">Weight decay of digital parameters in groups without one.</param>
    public AnalogSGD(IEnumerable<ParamGroup> groups, double lr, double momentum = 0, double weight_decay = 0)
    {
        _defaults = new Options
        {
            LearningRate = NotNegative(lr, nameof(lr)),
            InitialLearningRate = lr,
            Momentum = NotNegative(momentum, nameof(momentum)),
            WeightDecay = NotNegative(weight_decay, nameof(weight_decay)),
        };
        _parameter_groups = [];
        foreach (var group in groups)
            add_param_group(group);
    }

    /// <inheritdoc/>
    public double Momentum { get => ((Options)_defaults).Momentum!.Value; set => ((Options)_defaults).Momentum = NotNegative(value, nameof(Momentum)); }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The group gives analog weights a momentum or a weight decay, or splits a tile from its bias.</exception>
    public override void add_param_group(TorchSharp.Modules.ParamGroup param_group)
    {
        var defaults = (Options)_defaults;
        var parameters = param_group.Parameters.ToArray();
        param_group.Parameters = parameters;
        var options = param_group.Options as Options ?? new Options { LearningRate = param_group.Options?.LearningRate };
        options.LearningRate ??= defaults.LearningRate;
        options.InitialLearningRate = NotNegative(options.LearningRate!.Value, "lr");
        options.Momentum = NotNegative((options.Momentum ?? defaults.Momentum)!.Value, "momentum");
        options.WeightDecay = NotNegative((options.WeightDecay ?? defaults.WeightDecay)!.Value, "weight_decay");
        param_group.Options = options;
        foreach (var tile in Tiles(parameters).Distinct())
        {
            if (_parameter_groups.Any(other => Tiles(other.Parameters).Contains(tile)))
                throw new ArgumentException($"AnalogSGD.ParamGroup must hold weight and bias of {tile.Name} together, but they are in two groups: they share one array and its pulse trains.");
            Refuse(tile, "momentum", options.Momentum!.Value);
            Refuse(tile, "weight_decay", options.WeightDecay!.Value);
            tile.HasOptimizer = true;
        }
        _parameter_groups.Add(param_group);
        foreach (var parameter in parameters)
            _state[parameter.Handle] = new State(parameter);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">A backward pass failed, or an analog layer was bypassed.</exception>
    public override Tensor step(Func<Tensor>? closure = null) => _step<TorchSharp.Modules.ParamGroup>(
        group =>
        {
            var options = (Options)group.Options;
            if (ReferenceEquals(group, _parameter_groups[0]))
                CheckAll(); // before any weight moves, so that a failed step changes nothing
            var updated = new HashSet<AnalogTile>(); // weight and bias of a tile are two parameters, and one update
            foreach (var parameter in group.Parameters)
            {
                if (AnalogLayer.TryGetTile(parameter, out var tile))
                {
                    if (updated.Add(tile))
                        tile.Update(options.LearningRate!.Value);
                    continue;
                }
                using var gradient = parameter.grad;
                if (gradient is not null)
                    Descend(parameter, gradient, options);
            }
        },
        closure!);

    /// <summary>Clears the gradients of digital parameters, and the examples that wait for an analog update.</summary>
    public override void zero_grad()
    {
        foreach (var parameter in parameters())
        {
            if (AnalogLayer.TryGetTile(parameter, out var tile))
                tile.DropPending();
            using var gradient = parameter.grad;
            gradient?.zero_();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing)
            return;
        foreach (var (_, state) in _state)
            ((State)state).Velocity?.Dispose();
        _state.Clear();
    }

    private static IEnumerable<AnalogTile> Tiles(IEnumerable<Parameter> parameters)
    {
        foreach (var parameter in parameters)
            if (AnalogLayer.TryGetTile(parameter, out var tile))
                yield return tile;
    }

    private void CheckAll()
    {
        var gradients = new Dictionary<AnalogTile, (Tensor? Weight, Tensor? Bias)>();
        using var scope = NewDisposeScope();
        foreach (var group in _parameter_groups)
        {
            var options = (Options)group.Options;
            NotNegative(options.LearningRate!.Value, nameof(ParamGroup.LearningRate));
            NotNegative(options.Momentum!.Value, nameof(ParamGroup.Momentum));
            NotNegative(options.WeightDecay!.Value, nameof(Options.WeightDecay));
            foreach (var parameter in group.Parameters)
            {
                if (!AnalogLayer.TryGetTile(parameter, out var tile))
                    continue;
                tile.ThrowIfFaulted();
                Refuse(tile, "momentum", options.Momentum!.Value);
                Refuse(tile, "weight_decay", options.WeightDecay!.Value);
                var (weight, bias) = gradients.GetValueOrDefault(tile);
                gradients[tile] = parameter.dim() == 1 ? (weight, parameter.grad) : (parameter.grad, bias);
            }
        }
        foreach (var (tile, (weight, bias)) in gradients)
            tile.Reconcile(weight, bias);
    }

    private static void Refuse(AnalogTile tile, string option, double value)
    {
        if (value != 0)
            throw new ArgumentException($"AnalogSGD.{option} must be 0 for the analog weights of {tile.Name}, but is {value}: pulses are sent open loop, with no memory of gradients or weights; give digital parameters a group of their own.");
    }

    private static double NotNegative(double value, string name) =>
        value >= 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(name, $"AnalogSGD.{name} must be finite and at least 0, but is {value}.");

    private void Descend(Parameter parameter, Tensor gradient, Options options)
    {
        var direction = options.WeightDecay == 0 ? gradient : gradient.add(parameter, alpha: options.WeightDecay!.Value);
        if (options.Momentum != 0)
        {
            var state = (State)_state[parameter.Handle];
            if (state.Velocity is null)
                state.Velocity = direction.clone().DetachFromDisposeScope();
            else
                state.Velocity.mul_(options.Momentum!.Value).add_(direction);
            direction = state.Velocity;
        }
        parameter.add_(direction, alpha: -options.LearningRate!.Value);
    }

    /// <summary>A group of parameters with options of its own.</summary>
    public sealed class ParamGroup : ParamGroup<Options>, IMomentum
    {
        /// <inheritdoc/>
        public double Momentum { get => Options.Momentum!.Value; set => Options.Momentum = value; }
    }

    /// <summary>What a group may set.</summary>
    public sealed class Options : OptimizerOptions
    {
        /// <summary>Momentum of digital parameters.</summary>
        public double? Momentum { get; set; }

        /// <summary>Weight decay of digital parameters.</summary>
        public double? WeightDecay { get; set; }

        /// <inheritdoc/>
        public override void SaveStateDict(BinaryWriter writer)
        {
            base.SaveStateDict(writer);
            writer.Write(Momentum!.Value);
            writer.Write(WeightDecay!.Value);
        }

        /// <inheritdoc/>
        public override void LoadStateDict(BinaryReader reader)
        {
            base.LoadStateDict(reader);
            Momentum = reader.ReadDouble();
            WeightDecay = reader.ReadDouble();
        }

        /// <inheritdoc/>
        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            (Momentum, WeightDecay) = (((Options)source).Momentum, ((Options)source).WeightDecay);
        }
    }

    /// <summary>What the optimizer remembers of a digital parameter.</summary>
    private sealed class State(Parameter parameter) : OptimizerState(parameter)
    {
        public Tensor? Velocity;

        public override void Initialize(OptimizerOptions options)
        {
        }

        public override void SaveStateDict(BinaryWriter writer) => SaveConditionalStateTensor(writer, Velocity);

        public override void LoadStateDict(BinaryReader reader) => LoadConditionalStateTensor(reader, ref Velocity, Velocity?.device ?? CPU);

        public override void LoadStateDict(OptimizerState source)
        {
            Velocity?.Dispose();
            Velocity = ((State)source).Velocity?.clone().DetachFromDisposeScope();
        }

        public override void to(Device device)
        {
            if (Velocity is not null)
                Velocity = Velocity.to(device, disposeAfter: true).DetachFromDisposeScope();
        }
    }
}
